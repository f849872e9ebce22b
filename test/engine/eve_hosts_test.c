// SPDX-License-Identifier: BSD-2-Clause
/* Which hosts the writer keeps in mind: told of once however many workers see them, let go after a
 * whole window, and no more than there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "eve_hosts.h"
#include "eve_watch.h"

enum { FEATURE = FEATURE_INITIATOR_PEERS - HOST_FEATURE_FIRST };

static int set_up(void **state)
{
    *state = eve_hosts_new();
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    eve_hosts_free(*state);
    return 0;
}

/* Of an initiator's flow to 10.0.0.1. */
static struct eve_record record_of(uint32_t host, uint32_t window)
{
    return (struct eve_record){
        .kind = EVE_HOST,
        .time = window,
        .host = {.feature = FEATURE, .window = window, .value = 40},
        .flow = {.key = {.low_address = {host}, .high_address = {1}, .rest = UINT64_C(4) << 40},
                 .initiator_is_low = true},
    };
}

static void count_end(void *context, const struct eve_record *record)
{
    uint32_t *count = context;

    assert_int_equal(record->host.feature, FEATURE);
    ++*count;
}

static uint32_t ended(struct eve_hosts *hosts, uint32_t window)
{
    uint32_t count = 0;

    eve_hosts_begin(hosts, window, count_end, &count);
    return count;
}

static void a_host_is_new_once(void **state)
{
    struct eve_hosts *hosts = *state;
    struct eve_record record = record_of(7, 10);

    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_NEW);
    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_NEW);
    eve_hosts_keep(hosts, &record);
    for (uint32_t worker = 0; worker < 4; worker++)
        assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_KNOWN);
    record.host.feature++;
    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_NEW);
    record = record_of(7, 10);
    record.flow.initiator_is_low = false; /* the other end */
    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_NEW);
    record = record_of(7, 10);
    record.flow.key.rest += UINT64_C(1) << 48; /* in another tunnel */
    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_NEW);
}

static void it_is_kept_for_a_whole_window(void **state)
{
    struct eve_hosts *hosts = *state;
    struct eve_record record = record_of(7, 10);

    eve_hosts_keep(hosts, &record);
    assert_int_equal(ended(hosts, 11), 0);
    record = record_of(7, 12);
    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_KNOWN);
    record = record_of(7, 11); /* a worker that is behind takes nothing back */
    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_KNOWN);
    assert_int_equal(ended(hosts, 13), 0);
    assert_int_equal(ended(hosts, 14), 1);
    assert_int_equal(ended(hosts, 14), 0);
    assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_NEW);
}

static void no_more_than_there_is_room_for(void **state)
{
    struct eve_hosts *hosts = *state;

    for (int round = 0; round < 3; round++) {
        uint32_t window = 10 + 10 * (uint32_t)round;
        const struct eve_record other = record_of(EVE_HOSTS, window);

        for (uint32_t i = 0; i < EVE_HOSTS; i++) {
            const struct eve_record record = record_of(i, window);

            assert_int_equal(eve_hosts_ask(hosts, &record), EVE_HOSTS_NEW);
            eve_hosts_keep(hosts, &record);
        }
        assert_int_equal(eve_hosts_ask(hosts, &other), EVE_HOSTS_FULL);
        assert_int_equal(ended(hosts, window + 2), EVE_HOSTS);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_host_is_new_once),
        TEST(it_is_kept_for_a_whole_window),
        TEST(no_more_than_there_is_room_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
