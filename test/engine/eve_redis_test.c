// SPDX-License-Identifier: BSD-2-Clause
/* --eve redis: against Debian's redis-server, which is killed, stopped and started again: each line
 * is delivered or lost, exactly once, and what was delivered is in the stream, in order. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monotonic.h"
#include "sink_rig.h"

enum { MISSING = 77 };

struct rig {
    struct sink_rig lines;
    char folder[64], port[8];
    pid_t server;
};

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* One that nobody has just now. */
static void choose_port(char port[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int file = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(file, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(file, (struct sockaddr *)&address, &length), 0);
    close(file);
    snprintf(port, 8, "%u", ntohs(address.sin_port));
}

static redisContext *connect_to(const struct rig *rig)
{
    for (uint64_t begin = monotonic_ms(); monotonic_ms() - begin < 10000; pause_ms(10)) {
        redisContext *client = redisConnect("127.0.0.1", atoi(rig->port));
        redisReply *reply = client && !client->err ? redisCommand(client, "PING") : NULL;
        bool answers = reply && reply->type == REDIS_REPLY_STATUS; /* not while it reads its file */

        freeReplyObject(reply);
        if (answers)
            return client;
        redisFree(client);
    }
    fail_msg("redis-server doesn't answer");
    return NULL;
}

/* It keeps all that it acknowledges, also when it is killed. */
static void start_server(struct rig *rig)
{
    rig->server = fork();
    if (rig->server == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, STDOUT_FILENO);
        execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", rig->port, "--dir",
               rig->folder, "--save", "", "--appendonly", "yes", "--appendfsync", "no", NULL);
        _exit(MISSING);
    }
    assert_true(rig->server > 0);
    redisFree(connect_to(rig));
}

static void end_server(struct rig *rig)
{
    assert_int_equal(kill(rig->server, SIGKILL), 0);
    assert_int_equal(waitpid(rig->server, NULL, 0), rig->server);
    rig->server = 0;
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    strcpy(rig->folder, "/tmp/afxdp-redis-XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    choose_port(rig->port);
    snprintf(rig->lines.path, sizeof(rig->lines.path), "redis:127.0.0.1:%s/events", rig->port);
    *state = rig;
    start_server(rig);
    sink_rig_open(&rig->lines);
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;
    char command[128];

    if (rig->lines.sink)
        rig->lines.sink->close(rig->lines.sink);
    if (rig->server > 0)
        end_server(rig);
    snprintf(command, sizeof(command), "rm -r %s", rig->folder);
    assert_int_equal(system(command), 0);
    free(rig);
    return 0;
}

/* Entries of the stream, whose numbers ascend, so that none is there twice. */
static uint64_t entries(const struct rig *rig)
{
    redisContext *client = connect_to(rig);
    redisReply *reply = redisCommand(client, "XRANGE events - +");
    uint64_t next = 0;

    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *fields = reply->element[i]->element[1];
        uint64_t number = strtoull(fields->element[1]->str + 5, NULL, 10);

        assert_int_equal(fields->elements, 2);
        assert_string_equal(fields->element[0]->str, "event");
        assert_true(number >= next);
        next = number + 1;
    }
    uint64_t count = reply->elements;
    freeReplyObject(reply);
    redisFree(client);
    return count;
}

static void finish(struct rig *rig)
{
    rig->lines.sink->finish(rig->lines.sink, 2000);
    sink_rig_check(&rig->lines);
}

static void every_line_is_delivered(void **state)
{
    struct rig *rig = *state;

    sink_rig_produce(&rig->lines, 5000);
    finish(rig);
    assert_int_equal(rig->lines.lost, 0);
    assert_null(rig->lines.sink->fault);
    assert_int_equal(entries(rig), 5000);
}

static void produce_until(struct rig *rig, bool faulty)
{
    for (uint64_t begin = monotonic_ms(); !rig->lines.sink->fault == faulty; pause_ms(5)) {
        sink_rig_produce(&rig->lines, 10);
        assert_true(monotonic_ms() - begin < 5000);
    }
}

/* Killed in the middle, whose answers are then on their way or not. */
static void a_server_is_killed_and_comes_back(void **state)
{
    struct rig *rig = *state;

    for (int round = 0; round < 3; round++) {
        sink_rig_produce(&rig->lines, 1000);
        end_server(rig);
        produce_until(rig, true);
        sink_rig_produce(&rig->lines, 1000);
        start_server(rig);
        produce_until(rig, false);
    }
    finish(rig);
    uint64_t kept = entries(rig);
    assert_true(rig->lines.lost >= 3000);
    assert_true(rig->lines.delivered >= 3000);
    assert_true(kept >= rig->lines.delivered && kept <= rig->lines.produced);
}

/* Each call ends, and what has no answer is lost. */
static void a_server_hangs(void **state)
{
    struct rig *rig = *state;

    sink_rig_produce(&rig->lines, 100);
    assert_int_equal(kill(rig->server, SIGSTOP), 0);
    uint64_t begin = monotonic_ms();
    sink_rig_produce(&rig->lines, 100);
    assert_true(monotonic_ms() - begin < 2500);
    assert_non_null(rig->lines.sink->fault);
    assert_int_equal(rig->lines.lost, 100);
    assert_int_equal(kill(rig->server, SIGCONT), 0);
    produce_until(rig, false);
    finish(rig);
}

/* A key of another kind: an answer, which is no, to each line. */
static void a_server_refuses(void **state)
{
    struct rig *rig = *state;
    redisContext *client = connect_to(rig);

    freeReplyObject(redisCommand(client, "SET events text"));
    sink_rig_produce(&rig->lines, 1000);
    assert_non_null(strstr(rig->lines.sink->fault, "is the key no stream"));
    assert_int_equal(rig->lines.lost, 1000);
    freeReplyObject(redisCommand(client, "DEL events"));
    redisFree(client);
    sink_rig_produce(&rig->lines, 1000);
    finish(rig);
    assert_int_equal(rig->lines.lost, 1000);
    assert_null(rig->lines.sink->fault);
    assert_int_equal(entries(rig), 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_line_is_delivered),
        TEST(a_server_is_killed_and_comes_back),
        TEST(a_server_hangs),
        TEST(a_server_refuses),
    };

    if (system("redis-server --version >/dev/null") != 0) {
        printf("there is no redis-server: deps/install.sh check\n");
        return MISSING;
    }
    signal(SIGPIPE, SIG_IGN); /* the writer's thread gets no signals */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
