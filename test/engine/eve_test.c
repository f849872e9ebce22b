// SPDX-License-Identifier: BSD-2-Clause
/* Events from a pipeline through the ring and the writer's thread into a file: every packet is told
 * of once or counted, whatever the reader does. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "eve.h"
#include "eve_text.h"
#include "memory_port.h"

enum { FLOWS = 64, ROUNDS = 30 };

struct rig {
    char folder[32];
    char path[48];
    struct policy policy;
    struct pipeline pipeline;
    struct memory_port *in;
    struct stats stats;
    struct eve *eve;
    /* what was read */
    uint64_t packets, bytes, flows, lines;
};

static int set_up(void **state)
{
    const struct flow_table_options options = {.flows = FLOWS, .timeout = 120, .fixed_seed = true};
    struct rig *rig = aligned_alloc(_Alignof(struct rig), sizeof(*rig));
    struct error error;

    memset(rig, 0, sizeof(*rig));
    strcpy(rig->folder, "/tmp/eve.XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof(rig->path), "%s/eve", rig->folder);
    assert_int_equal(flow_table_new(&rig->pipeline.table, &options, &error), 0);
    policy_init(&rig->policy, NULL);
    rig->pipeline.policy = &rig->policy;
    rig->in = memory_port_new();
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    eve_close(rig->eve);
    flow_table_free(rig->pipeline.table);
    unlink(rig->path);
    rmdir(rig->folder);
    free(rig->in);
    free(rig);
    return 0;
}

static void start(struct rig *rig, const char *path)
{
    const struct eve_options options = {.path = path,
                                        .policy = &rig->policy,
                                        .types = EVE_TYPES_ALL,
                                        .interface = "eth0",
                                        .day_times = true};
    struct error error = {""};

    assert_int_equal(eve_open(&rig->eve, &options, &error), 0);
    assert_int_equal(eve_observe(rig->eve, rig->pipeline.table, &rig->pipeline.observer, &error),
                     0);
    assert_int_equal(eve_start(rig->eve, &error), 0);
}

/* 4,096 packets of twice as many flows as fit, ARP among them. */
static void feed(struct rig *rig)
{
    const struct route route = {.in = &rig->in->port, .out = NULL, .stats = &rig->stats};

    rig->in->count = rig->in->next = 0;
    for (uint32_t i = 0; i < MEMORY_PORT_FRAMES; i++)
        memory_port_add(rig->in, &(struct test_packet){
                                     .version = i % 10 == 9 ? 0 : 4,
                                     .protocol = 17,
                                     .source = 1,
                                     .destination = 2,
                                     .source_port = (uint16_t)(1 + i * 7919 % (2 * FLOWS)),
                                     .destination_port = 53,
                                     .time = UINT64_C(1000000000) * (1 + i / 1000),
                                 });
    while (pipeline_run(&rig->pipeline, &route) > 0) {
    }
}

/* The number behind a name; 0 where it isn't. */
static uint64_t number(const char *line, const char *name)
{
    const char *at = strstr(line, name);

    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void take_line(struct rig *rig, const char *line)
{
    rig->lines++;
    if (!strstr(line, "\"event_type\":\"flow\""))
        return;
    rig->flows++;
    rig->packets += number(line, "\"pkts_toserver\":") + number(line, "\"pkts_toclient\":");
    rig->bytes += number(line, "\"bytes_toserver\":") + number(line, "\"bytes_toclient\":");
}

/* Lines to the end; a last one without an end isn't one. */
static void read_lines(struct rig *rig, FILE *file)
{
    char line[4096];

    while (file && fgets(line, sizeof(line), file) && line[strlen(line) - 1] == '\n')
        take_line(rig, line);
}

static void read_file(struct rig *rig, const char *path)
{
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    read_lines(rig, file);
    fclose(file);
}

static struct eve_totals end(struct rig *rig, int wanted)
{
    struct eve_totals totals = {0};
    struct error error = {""};

    assert_int_equal(eve_end(rig->eve, &error), wanted);
    eve_read(rig->eve, &totals);
    return totals;
}

static void check_sums(const struct rig *rig, const struct eve_totals *totals)
{
    assert_true(rig->stats.packets > 0);
    assert_int_equal(rig->packets + totals->unreported_packets + totals->no_flow_packets,
                     rig->stats.packets);
    assert_int_equal(rig->bytes + totals->unreported_bytes + totals->no_flow_bytes,
                     rig->stats.bytes);
    assert_int_equal(rig->flows + totals->unreported_flows, rig->stats.flows);
    assert_int_equal(totals->written, rig->lines);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void *post_and_read(void *argument)
{
    struct rig *rig = argument;
    struct eve_totals totals;

    for (int i = 0; i < 200; i++) {
        memset(&totals, 0, sizeof(totals));
        eve_post(rig->eve, 1, "engine", json_pack("{s:i}", "number", i));
        eve_read(rig->eve, &totals);
        eve_set_model(rig->eve, (uint32_t)i);
        usleep(100);
    }
    return NULL;
}

static void every_packet_is_told_of_once(void **state)
{
    struct rig *rig = *state;
    pthread_t other;

    start(rig, rig->path);
    assert_int_equal(pthread_create(&other, NULL, post_and_read, rig), 0);
    for (int i = 0; i < ROUNDS; i++)
        feed(rig);
    pthread_join(other, NULL);
    struct eve_totals totals = end(rig, 0);
    read_file(rig, rig->path);
    check_sums(rig, &totals);
    assert_true(rig->stats.evictions > 1000);
    assert_true(totals.no_flow_packets > 1000);
}

static void a_file_is_opened_again_while_lines_come(void **state)
{
    struct rig *rig = *state;
    struct error error = {""};
    char moved[64], gone[64];

    start(rig, rig->path);
    snprintf(gone, sizeof(gone), "%s.gone", rig->folder);
    snprintf(moved, sizeof(moved), "%s.1", rig->path);
    feed(rig);
    assert_int_equal(rename(rig->path, moved), 0);
    assert_int_equal(eve_reopen(rig->eve, &error), 0);
    for (int i = 0; i < 5000 && access(rig->path, F_OK) != 0; i++) {
        feed(rig);
        usleep(1000);
    }
    assert_int_equal(rename(rig->folder, gone), 0);
    assert_int_equal(eve_reopen(rig->eve, &error), -ENOENT);
    assert_non_null(strstr(error.text, "No such file or directory; the former file stays"));
    assert_int_equal(rename(gone, rig->folder), 0);
    struct eve_totals totals = end(rig, 0);
    read_file(rig, moved);
    assert_true(rig->lines > 0);
    read_file(rig, rig->path);
    unlink(moved);
    check_sums(rig, &totals);
}

static void a_reader_that_stands_still_stops_nothing(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(mkfifo(rig->path, 0600), 0);
    int reader = open(rig->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    start(rig, rig->path);
    double begin = seconds();
    for (int i = 0; i < ROUNDS; i++)
        feed(rig);
    struct eve_totals totals = end(rig, 0);
    assert_true(seconds() - begin < 10);
    assert_true(totals.lost[EVE_FLOW] > 1000);
    FILE *file = fdopen(reader, "r");
    read_lines(rig, file);
    fclose(file);
    check_sums(rig, &totals);
}

/* Whoever connects while packets come. */
static int accept_while_fed(struct rig *rig, int listener)
{
    int client = -1;

    for (int i = 0; i < 20000 && client < 0; i++) {
        feed(rig);
        usleep(1000);
        client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    }
    assert_true(client >= 0);
    return client;
}

static void a_socket_whose_reader_goes_is_tried_again(void **state)
{
    struct rig *rig = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct error error = {""};
    char path[64];

    memcpy(address.sun_path, rig->path, strlen(rig->path) + 1);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    snprintf(path, sizeof(path), "unix:%s", rig->path);
    start(rig, path);
    close(accept_while_fed(rig, listener));
    FILE *again = fdopen(accept_while_fed(rig, listener), "r");
    char line[4096];
    feed(rig); /* what came before may have been lost */
    assert_non_null(fgets(line, sizeof(line), again));
    take_line(rig, line);
    assert_true(rig->flows == 1 || strstr(line, "\"event_type\":\"verdict\""));
    assert_int_equal(eve_check(rig->eve, &error), 0);
    fclose(again);
    close(listener);
}

/* Times go back a little now and then, and once a stamp is years ahead: later ones count anew. */
static void the_rate_outlives_a_bogus_stamp(void **state)
{
    struct rig *rig = *state;
    const struct route route = {.in = &rig->in->port, .out = NULL, .stats = &rig->stats};
    const struct eve_options options = {.path = rig->path,
                                        .policy = &rig->policy,
                                        .types = EVE_TYPES_ALL,
                                        .rate = 2,
                                        .day_times = true,
                                        .waits = true};
    struct error error = {""};

    assert_int_equal(eve_open(&rig->eve, &options, &error), 0);
    assert_int_equal(eve_observe(rig->eve, rig->pipeline.table, &rig->pipeline.observer, &error),
                     0);
    assert_int_equal(eve_start(rig->eve, &error), 0);
    for (uint32_t i = 0; i < 2000; i++)
        memory_port_add(rig->in, &(struct test_packet){
                                     .version = 4,
                                     .protocol = 17,
                                     .source = 1,
                                     .destination = 2,
                                     .source_port = (uint16_t)(1000 + i),
                                     .destination_port = 53,
                                     .time = UINT64_C(100000000) * (i == 500 ? 1000000 : i),
                                 });
    while (pipeline_run(&rig->pipeline, &route) > 0) {
    }
    struct eve_totals totals = end(rig, 0);
    read_file(rig, rig->path);
    check_sums(rig, &totals);
    assert_true(rig->flows > 300);
}

static void times_on_both_sides_of_1970(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } times[] = {{0, "1970-01-01T00:00:00.000000+0000"},
                 {1999, "1970-01-01T00:00:00.000001+0000"},
                 {-1, "1969-12-31T23:59:59.999999+0000"},
                 {-1000000000, "1969-12-31T23:59:59.000000+0000"},
                 {-1000000001, "1969-12-31T23:59:58.999999+0000"}};

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[EVE_TIME_SIZE];

        eve_time(text, (uint64_t)times[i].ns);
        assert_string_equal(text, times[i].text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_packet_is_told_of_once),
        TEST(a_file_is_opened_again_while_lines_come),
        TEST(a_reader_that_stands_still_stops_nothing),
        TEST(a_socket_whose_reader_goes_is_tried_again),
        TEST(the_rate_outlives_a_bogus_stamp),
        cmocka_unit_test(times_on_both_sides_of_1970),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
