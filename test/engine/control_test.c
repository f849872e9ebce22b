// SPDX-License-Identifier: BSD-2-Clause
/* The control socket: who may ask, what comes back, and that bounds hold whatever comes in. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "control_line.h"

enum { NOBODY = 65534, MANY = 100 };

struct rig {
    char folder[32];
    char path[64];
    struct control *control;
    pthread_t server;
    bool ends; /* atomic */
    int carried_out;
};

static int handle(void *context, const struct control_request *request, json_t **message,
                  struct error *error)
{
    struct rig *rig = context;

    rig->carried_out++;
    if (strcmp(request->command, "fail") == 0)
        return error_set(error, -EINVAL, "as \"you\" wish");
    if (strcmp(request->command, "long") == 0) {
        *message = json_array();
        for (int i = 0; i < 100000; i++)
            json_array_append_new(*message, json_integer(i));
    } else if (strcmp(request->command, "who") == 0) {
        *message = json_integer(request->peer);
    }
    return 0;
}

static void *serve(void *argument)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct rig *rig = argument;

    while (!__atomic_load_n(&rig->ends, __ATOMIC_ACQUIRE)) {
        control_serve(rig->control, handle, rig);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct error error;

    strcpy(rig->folder, "/tmp/control.XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    snprintf(rig->path, sizeof(rig->path), "%s/socket", rig->folder);
    assert_int_equal(control_open(&rig->control, rig->path, &error), 0);
    assert_int_equal(pthread_create(&rig->server, NULL, serve, rig), 0);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    __atomic_store_n(&rig->ends, true, __ATOMIC_RELEASE);
    pthread_join(rig->server, NULL);
    control_close(rig->control);
    assert_int_equal(rmdir(rig->folder), 0); /* the socket is gone */
    free(rig);
    return 0;
}

static int try_to_connect(const struct rig *rig)
{
    const struct timeval patience = {.tv_sec = 10};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(address.sun_path, rig->path);
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(client, (struct sockaddr *)&address, sizeof(address)) == 0)
        return client;
    close(client);
    return -1;
}

static int enter(const struct rig *rig)
{
    int client = try_to_connect(rig);

    assert_true(client >= 0);
    return client;
}

static void write_all(int client, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(client, text, length, MSG_NOSIGNAL);

        if (sent < 0)
            return; /* hung up on: what comes back says so */
        text += sent;
        length -= (size_t)sent;
    }
}

/* One line, without its end; "" at the end of the stream. */
static const char *read_line(int client)
{
    static char line[1 << 20];
    size_t length = 0;

    while (length + 1 < sizeof(line) && recv(client, line + length, 1, 0) == 1 &&
           line[length] != '\n')
        length++;
    line[length] = 0;
    return line;
}

static void expect(int client, const char *request, const char *wanted)
{
    write_all(client, request, strlen(request));
    write_all(client, "\n", 1);
    assert_string_equal(read_line(client), wanted);
}

static void requests_are_answered_in_order(void **state)
{
    int client = enter(*state);

    expect(client, "{\"command\":\"nothing\"}", "{\"return\":\"OK\",\"message\":\"\"}");
    expect(client, "{\"command\":\"fail\"}",
           "{\"return\":\"NOK\",\"message\":\"as \\\"you\\\" wish\"}");
    expect(client, "{\"command\":\"fail\"}\n{\"command\":\"nothing\"}",
           "{\"return\":\"NOK\",\"message\":\"as \\\"you\\\" wish\"}");
    assert_string_equal(read_line(client), "{\"return\":\"OK\",\"message\":\"\"}");
    close(client);
}

static void what_is_no_request_is_refused_and_the_next_one_heard(void **state)
{
    static const char *const bad[] = {"",
                                      "nonsense",
                                      "[]",
                                      "{}",
                                      "{\"command\":1}",
                                      "{\"command\":\"a\",\"command\":\"b\"}",
                                      "{\"command\":\"nothing\"} x",
                                      "\xff\xfe"};
    struct rig *rig = *state;
    int client = enter(rig);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_all(client, bad[i], strlen(bad[i]));
        write_all(client, "\n", 1);
        assert_memory_equal(read_line(client), "{\"return\":\"NOK\"", 15);
    }
    assert_int_equal(rig->carried_out, 0);
    expect(client, "{\"command\":\"nothing\"}", "{\"return\":\"OK\",\"message\":\"\"}");
    close(client);
}

static void a_request_has_a_largest_size(void **state)
{
    static const char request[] = "{\"command\":\"nothing\"}";
    static char line[CONTROL_LINE_MAX + 1];
    int client = enter(*state);

    memset(line, ' ', sizeof(line));
    for (size_t i = 0; request[i]; i++)
        line[i] = request[i];
    line[CONTROL_LINE_MAX - 1] = '\n';
    write_all(client, line, CONTROL_LINE_MAX);
    assert_string_equal(read_line(client), "{\"return\":\"OK\",\"message\":\"\"}");
    line[CONTROL_LINE_MAX - 1] = ' ';
    write_all(client, line, CONTROL_LINE_MAX);
    assert_string_equal(read_line(client), "");
    close(client);
}

static void an_answer_may_be_long(void **state)
{
    int client = enter(*state);

    write_all(client, "{\"command\":\"long\"}\n", 19);
    const char *line = read_line(client);
    assert_int_equal(strlen(line), 588917);
    assert_string_equal(line + strlen(line) - 8, ",99999]}");
    close(client);
}

static void connections_are_bounded_and_come_free(void **state)
{
    struct rig *rig = *state;
    int client[MANY];

    for (int i = 0; i < CONTROL_CONNECTIONS; i++) {
        client[i] = enter(rig);
        expect(client[i], "{\"command\":\"nothing\"}", "{\"return\":\"OK\",\"message\":\"\"}");
    }
    for (int i = CONTROL_CONNECTIONS; i < MANY; i++) {
        client[i] = enter(rig);
        assert_memory_equal(read_line(client[i]), "{\"return\":\"NOK\"", 15);
        assert_string_equal(read_line(client[i]), "");
        close(client[i]);
    }
    expect(client[3], "{\"command\":\"nothing\"}", "{\"return\":\"OK\",\"message\":\"\"}");
    for (int i = 0; i < CONTROL_CONNECTIONS; i++)
        close(client[i]);
    for (int tries = 0; tries < 1000; tries++) { /* until it has noticed */
        int next = enter(rig);
        write_all(next, "{\"command\":\"nothing\"}\n", 22);
        bool taken = strcmp(read_line(next), "{\"return\":\"OK\",\"message\":\"\"}") == 0;
        close(next);
        if (taken)
            return;
        usleep(1000);
    }
    fail_msg("no connection came free");
}

/* Nobody serves: the one who asks hears so, and it isn't carried out later. */
static void a_request_that_waits_too_long_is_taken_back(void **state)
{
    struct rig *rig = *state;
    int client = enter(rig);

    __atomic_store_n(&rig->ends, true, __ATOMIC_RELEASE);
    pthread_join(rig->server, NULL);
    write_all(client, "{\"command\":\"nothing\"}\n", 22);
    assert_non_null(strstr(read_line(client), "did not get to it"));
    control_serve(rig->control, handle, rig);
    assert_int_equal(rig->carried_out, 0);
    close(client);
    rig->ends = false;
    assert_int_equal(pthread_create(&rig->server, NULL, serve, rig), 0);
}

static void only_its_owner_may_ask(void **state)
{
    struct rig *rig = *state;
    char wanted[64];
    struct stat what;
    int status;

    assert_int_equal(stat(rig->path, &what), 0);
    assert_int_equal(what.st_mode & 0777, 0600);
    int client = enter(rig);
    snprintf(wanted, sizeof(wanted), "{\"return\":\"OK\",\"message\":%u}", geteuid());
    expect(client, "{\"command\":\"who\"}", wanted);
    close(client);
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod(rig->folder, 0755), 0);
    for (int open = 0; open < 2; open++) { /* by its mode, and, were that changed, by who asks */
        assert_int_equal(chmod(rig->path, open ? 0666 : 0600), 0);
        pid_t child = fork();
        if (child == 0) {
            if (setuid(NOBODY) != 0)
                _exit(1);
            client = try_to_connect(rig);
            if (!open)
                _exit(client >= 0 || errno != EACCES);
            _exit(client < 0 || !strstr(read_line(client), "only root"));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_are_answered_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_request_is_refused_and_the_next_one_heard,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_has_a_largest_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_may_be_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connections_are_bounded_and_come_free, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_that_waits_too_long_is_taken_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_its_owner_may_ask, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
