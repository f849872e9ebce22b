// SPDX-License-Identifier: BSD-2-Clause
/* Metrics: how they are written, where one may listen, and that bounds hold whatever scrapers do.
 */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "metrics_server.h"
#include "metrics_text.h"

enum { MANY = 100, LONG = 1 << 22, ANSWER_MAX = 4096 };

struct rig {
    struct metrics_server *server;
    pthread_t thread;
    bool ends;      /* atomic */
    bool deaf;      /* atomic: nobody writes */
    size_t padding; /* atomic */
    int written;
};

static void write_metrics(void *context, FILE *to)
{
    struct rig *rig = context;
    size_t padding = __atomic_load_n(&rig->padding, __ATOMIC_RELAXED);

    rig->written++;
    fprintf(to, "written %d\n", rig->written);
    for (size_t i = 0; i < padding; i++)
        fputc('x', to);
}

static void pause_1_ms(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    nanosleep(&pause, NULL);
}

static void *serve(void *argument)
{
    struct rig *rig = argument;

    while (!__atomic_load_n(&rig->ends, __ATOMIC_ACQUIRE)) {
        if (!__atomic_load_n(&rig->deaf, __ATOMIC_ACQUIRE))
            metrics_server_serve(rig->server, write_metrics, rig);
        pause_1_ms();
    }
    return NULL;
}

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    struct metrics_address address;
    struct error error;

    assert_int_equal(metrics_address_parse(&address, "0", &error), 0);
    assert_int_equal(metrics_server_open(&rig->server, &address, &error), 0);
    assert_int_equal(pthread_create(&rig->thread, NULL, serve, rig), 0);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    __atomic_store_n(&rig->ends, true, __ATOMIC_RELEASE);
    pthread_join(rig->thread, NULL);
    metrics_server_close(rig->server);
    free(rig);
    return 0;
}

static int enter(const struct rig *rig)
{
    const struct timeval patience = {.tv_sec = 10};
    const struct metrics_address *address = metrics_server_address(rig->server);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(client, &address->any, address->size), 0);
    return client;
}

static void say(int client, const char *text)
{
    assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* All until the end of the connection. */
static size_t hear(int client, char answer[ANSWER_MAX])
{
    size_t length = 0;
    ssize_t got;

    while (length < ANSWER_MAX - 1 &&
           (got = recv(client, answer + length, ANSWER_MAX - 1 - length, 0)) > 0)
        length += (size_t)got;
    answer[length] = '\0';
    close(client);
    return length;
}

static void assert_answer(const struct rig *rig, const char *request, const char *begins,
                          const char *ends)
{
    char answer[ANSWER_MAX];
    int client = enter(rig);

    say(client, request);
    size_t length = hear(client, answer);
    assert_memory_equal(answer, begins, strlen(begins));
    assert_true(length >= strlen(ends));
    assert_string_equal(answer + length - strlen(ends), ends);
}

static struct metrics_counters counters_of(const struct rig *rig)
{
    struct metrics_counters counters;

    metrics_server_read(rig->server, &counters);
    return counters;
}

static void families_look_as_prometheus_wants_them(void **state)
{
    (void)state;
    const struct metrics_label labels[] = {
        {"interface", "a\"b\\c\nd"}, {"queue", "0"}, {NULL, NULL}};
    const uint64_t shares[] = {3, 0, 0, 1};
    struct histogram histogram = {.sum = 0};
    char *text = NULL;
    size_t length = 0;
    FILE *to = open_memstream(&text, &length);

    for (uint32_t value = 1; value <= 9; value++)
        histogram_add(&histogram, value);
    histogram_add(&histogram, 1000000);
    metrics_family(to, "one", "gauge", "Of a kind.");
    metrics_number(to, "one", labels, UINT64_MAX);
    metrics_seconds(to, "two", NULL, 1000000001);
    metrics_histogram(to, "three", labels + 1, &histogram, 5);
    metrics_shares(to, "four", NULL, shares, 4, 1250000);
    fclose(to);
    assert_string_equal(text,
                        "# HELP one Of a kind.\n"
                        "# TYPE one gauge\n"
                        "one{interface=\"a\\\"b\\\\c\\nd\",queue=\"0\"} 18446744073709551615\n"
                        "two 1.000000001\n"
                        "three_bucket{queue=\"0\",le=\"1\"} 1\n"
                        "three_bucket{queue=\"0\",le=\"2\"} 2\n"
                        "three_bucket{queue=\"0\",le=\"4\"} 4\n"
                        "three_bucket{queue=\"0\",le=\"8\"} 8\n"
                        "three_bucket{queue=\"0\",le=\"+Inf\"} 10\n"
                        "three_count{queue=\"0\"} 10\n"
                        "three_sum{queue=\"0\"} 1000045\n"
                        "four_bucket{le=\"0.25\"} 3\n"
                        "four_bucket{le=\"0.5\"} 3\n"
                        "four_bucket{le=\"0.75\"} 3\n"
                        "four_bucket{le=\"1\"} 4\n"
                        "four_bucket{le=\"+Inf\"} 4\n"
                        "four_count 4\n"
                        "four_sum 1.250000\n");
    free(text);
}

static void openmetrics_is_for_whom_asks(void **state)
{
    const struct rig *rig = *state;

    assert_answer(rig,
                  "GET /metrics HTTP/1.0\r\nAccept: application/openmetrics-text; "
                  "version=1.0.0\r\n\r\n",
                  "HTTP/1.1 200", "\r\n\r\nwritten 1\n# EOF\n");
    assert_answer(rig, "GET /metrics HTTP/1.0\r\nAccept: text/plain\r\n\r\n", "HTTP/1.1 200",
                  "\r\n\r\nwritten 2\n");
    for (int i = 0; i < 2; i++) {
        static const char *const types[] = {
            "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
            "\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"};
        char answer[ANSWER_MAX];
        int client = enter(rig);

        say(client, i ? "GET /metrics HTTP/1.0\r\nAccept: application/openmetrics-text\r\n\r\n"
                      : "GET /metrics HTTP/1.0\r\n\r\n");
        hear(client, answer);
        assert_non_null(strstr(answer, types[i]));
    }
}

static void loopback_unless_told_otherwise(void **state)
{
    (void)state;
    static const struct {
        const char *given, *means; /* NULL: refused */
    } cases[] = {
        {"9464", "127.0.0.1:9464"},
        {":9464", "127.0.0.1:9464"},
        {"0.0.0.0:9464", "0.0.0.0:9464"},
        {"192.0.2.7:65535", "192.0.2.7:65535"},
        {"[::1]:9464", "[::1]:9464"},
        {"[2001:db8::1]:1", "[2001:db8::1]:1"},
        {"", NULL},
        {"65536", NULL},
        {"-1", NULL},
        {"localhost:9464", NULL},
        {"192.0.2.7", NULL},
        {"192.0.2.7:", NULL},
        {"::1:9464", NULL},
        {"[]:9464", NULL},
        {"[192.0.2.7]:9464", NULL},
        {"[::1]9464", NULL},
        {"1111111111111111111111111111111111111111111111111111111111:9464", NULL},
    };
    char text[METRICS_ADDRESS_TEXT];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metrics_address address;
        struct error error;
        int status = metrics_address_parse(&address, cases[i].given, &error);

        assert_int_equal(status, cases[i].means ? 0 : -EINVAL);
        if (status == 0) {
            metrics_address_text(&address, text);
            assert_string_equal(text, cases[i].means);
        } else {
            assert_memory_equal(error.text, "--metrics", strlen("--metrics"));
        }
    }
}

static void a_taken_port_is_refused_with_the_reason(void **state)
{
    const struct rig *rig = *state;
    struct metrics_server *other = NULL;
    struct error error;

    assert_int_equal(metrics_server_open(&other, metrics_server_address(rig->server), &error),
                     -EADDRINUSE);
    assert_null(other);
    assert_non_null(strstr(error.text, "cannot listen for scrapers on 127.0.0.1:"));
}

static void each_scrape_is_written_anew(void **state)
{
    const struct rig *rig = *state;

    assert_answer(rig, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200",
                  "\r\n\r\nwritten 1\n");
    assert_answer(rig, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "\r\n\r\nwritten 2\n");
    assert_answer(rig, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200", "\r\n\r\n");
    assert_answer(rig, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404", "see /metrics\n");
    assert_answer(rig, "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
                  "HTTP/1.1 405", "only GET\n");
    const struct metrics_counters c = counters_of(rig);
    assert_int_equal(c.answered, 3);
    assert_int_equal(c.wrong, 2);
    assert_int_equal(c.refused + c.unanswered + c.late, 0);
}

static void garbage_is_survived_and_counted(void **state)
{
    const struct rig *rig = *state;
    char noise[3000];
    char answer[ANSWER_MAX];

    srand(1);
    for (int i = 0; i < MANY; i++) {
        int client = enter(rig);

        for (size_t byte = 0; byte < sizeof(noise); byte++)
            noise[byte] = (char)(i % 2 ? rand() : 'a' + rand() % 26);
        for (size_t byte = 0; byte < 4; byte++)
            noise[sizeof(noise) - 4 + byte] = "\r\n\r\n"[byte];
        (void)!send(client, noise, sizeof(noise), MSG_NOSIGNAL);
        shutdown(client, SHUT_WR);
        hear(client, answer);
        assert_null(strstr(answer, " 200 "));
    }
    while (counters_of(rig).unanswered + counters_of(rig).wrong < MANY)
        pause_1_ms();
    assert_answer(rig, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "written 1\n");
}

/* Half a request each: 32 stay, the others are closed at once; when the 32 go, all is well. */
static void too_many_are_refused_at_once(void **state)
{
    const struct rig *rig = *state;
    char answer[ANSWER_MAX];
    int client[MANY];

    for (int i = 0; i < MANY; i++) {
        client[i] = enter(rig);
        (void)!send(client[i], "GET /met", 8, MSG_NOSIGNAL);
    }
    while (counters_of(rig).refused < MANY - METRICS_CONNECTIONS)
        pause_1_ms();
    for (int i = METRICS_CONNECTIONS; i < MANY; i++)
        assert_int_equal(hear(client[i], answer), 0);
    for (int i = 0; i < METRICS_CONNECTIONS; i++)
        close(client[i]);
    while (counters_of(rig).unanswered < METRICS_CONNECTIONS)
        pause_1_ms();
    assert_int_equal(counters_of(rig).refused, MANY - METRICS_CONNECTIONS);
    assert_answer(rig, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "written 1\n");
}

/* The next one gets his text while a large one lies unread. */
static void who_reads_nothing_holds_nobody_up(void **state)
{
    struct rig *rig = *state;

    __atomic_store_n(&rig->padding, LONG, __ATOMIC_RELAXED);
    int client = enter(rig);
    say(client, "GET /metrics HTTP/1.0\r\n\r\n");
    while (counters_of(rig).answered == 0)
        pause_1_ms();
    __atomic_store_n(&rig->padding, 0, __ATOMIC_RELAXED);
    assert_answer(rig, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "written 2\n");
    close(client);
}

static void nobody_waits_for_ever_for_a_text(void **state)
{
    struct rig *rig = *state;

    __atomic_store_n(&rig->deaf, true, __ATOMIC_RELEASE);
    assert_answer(rig, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.1 503", "in time\n");
    assert_int_equal(counters_of(rig).late, 1);
    int client = enter(rig);
    say(client, "GET /metrics HTTP/1.0\r\n\r\n"); /* waits when the server is closed */
    pause_1_ms();
    close(client);
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_look_as_prometheus_wants_them),
        WITH_SERVER(openmetrics_is_for_whom_asks),
        cmocka_unit_test(loopback_unless_told_otherwise),
        WITH_SERVER(a_taken_port_is_refused_with_the_reason),
        WITH_SERVER(each_scrape_is_written_anew),
        WITH_SERVER(garbage_is_survived_and_counted),
        WITH_SERVER(too_many_are_refused_at_once),
        WITH_SERVER(who_reads_nothing_holds_nobody_up),
        WITH_SERVER(nobody_waits_for_ever_for_a_text),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
