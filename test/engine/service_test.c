// SPDX-License-Identifier: BSD-2-Clause
/* What a service manager hears, on a notify socket of the test's own. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "service.h"

struct manager {
    char folder[32];
    char name[64]; /* as in NOTIFY_SOCKET */
    int fd;
};

static void listen_at(struct manager *manager, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(name);

    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(manager->fd >= 0);
    assert_return_code(bind(manager->fd, (struct sockaddr *)&address,
                            (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
                       errno);
    setenv("NOTIFY_SOCKET", name, 1);
}

static int set_up(void **state)
{
    struct manager *manager = calloc(1, sizeof(*manager));

    strcpy(manager->folder, "/tmp/service.XXXXXX");
    assert_non_null(mkdtemp(manager->folder));
    snprintf(manager->name, sizeof(manager->name), "%s/notify", manager->folder);
    listen_at(manager, manager->name);
    *state = manager;
    return 0;
}

static int tear_down(void **state)
{
    struct manager *manager = *state;

    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    close(manager->fd);
    unlink(manager->name);
    rmdir(manager->folder);
    free(manager);
    return 0;
}

/* The next message, "" when there is none. */
static const char *heard(const struct manager *manager)
{
    static char text[256];
    ssize_t length = recv(manager->fd, text, sizeof(text) - 1, MSG_DONTWAIT);

    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void messages_arrive_whole(void **state)
{
    struct manager *manager = *state;
    struct service service;
    struct error error;

    assert_int_equal(service_open(&service, &error), 0);
    service_tell(&service, "READY=1\nSTATUS=eth1");
    assert_string_equal(heard(manager), "READY=1\nSTATUS=eth1");
    service_tell_reloading(&service);
    unsigned long long us = 0;
    assert_int_equal(sscanf(heard(manager), "RELOADING=1\nMONOTONIC_USEC=%llu", &us), 1);
    assert_true(us > 0);
    service_beat(&service);
    assert_string_equal(heard(manager), ""); /* nobody asked for a watchdog */
    service_close(&service);
    service_tell(&service, "STOPPING=1");
    assert_string_equal(heard(manager), "");
}

static void an_abstract_name_is_understood(void **state)
{
    struct manager *manager = *state;
    struct service service;
    struct error error;
    char name[64];

    close(manager->fd);
    snprintf(name, sizeof(name), "@afxdp-service-test-%d", (int)getpid());
    listen_at(manager, name);
    assert_int_equal(service_open(&service, &error), 0);
    service_tell(&service, "READY=1");
    assert_string_equal(heard(manager), "READY=1");
    service_close(&service);
}

static void it_beats_twice_a_period(void **state)
{
    struct manager *manager = *state;
    const struct timespec pause = {.tv_nsec = 1000000};
    struct service service;
    struct error error;
    struct timespec begin, now;
    int beats = 0;

    setenv("WATCHDOG_USEC", "100000", 1);
    assert_int_equal(service_open(&service, &error), 0);
    assert_int_equal(service.beat_every_ms, 50);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        service_beat(&service);
        beats += strcmp(heard(manager), "WATCHDOG=1") == 0;
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < 225);
    assert_in_range(beats, 2, 5); /* at 0, 50, 100, 150 and 200 ms, on a machine with time */
    service_close(&service);
}

static void another_process_is_watched(void **state)
{
    struct service service;
    struct error error;

    (void)state;
    setenv("WATCHDOG_USEC", "100000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(service_open(&service, &error), 0);
    assert_int_equal(service.beat_every_ms, 0);
    service_close(&service);
}

static void without_a_manager_nothing_happens(void **state)
{
    struct service service;
    struct error error;

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(service_open(&service, &error), 0);
    service_tell(&service, "READY=1");
    service_beat(&service);
    service_close(&service);
}

static void a_manager_that_has_ended_is_no_failure(void **state)
{
    struct manager *manager = *state;
    struct service service;
    struct error error;

    assert_int_equal(service_open(&service, &error), 0);
    unlink(manager->name);
    service_tell(&service, "READY=1");
    service_close(&service);
}

static void refuse(const char *variable, const char *value)
{
    struct service service;
    struct error error;

    setenv(variable, value, 1);
    assert_int_equal(service_open(&service, &error), -EINVAL);
    assert_non_null(strstr(error.text, variable));
    assert_int_equal(service.fd, -1);
    service_tell(&service, "READY=1");
    service_close(&service);
}

static void what_is_no_address_is_refused(void **state)
{
    char name[200] = "/";

    (void)state;
    refuse("NOTIFY_SOCKET", "relative/path");
    refuse("NOTIFY_SOCKET", "@");
    refuse("NOTIFY_SOCKET", "vsock:2:1234");
    memset(name + 1, 'x', sizeof(name) - 2);
    refuse("NOTIFY_SOCKET", name);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    refuse("WATCHDOG_USEC", "soon");
    refuse("WATCHDOG_USEC", "");
    refuse("WATCHDOG_USEC", "-5000000");
    refuse("WATCHDOG_USEC", "1");
    refuse("WATCHDOG_USEC", "99999999999999999999999");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_arrive_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_abstract_name_is_understood, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_beats_twice_a_period, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_process_is_watched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_manager_nothing_happens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_manager_that_has_ended_is_no_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_address_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_time_is_refused, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
