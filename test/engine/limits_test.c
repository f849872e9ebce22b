// SPDX-License-Identifier: BSD-2-Clause
/* limit:N: exactly N packets a second of a class go on to a destination, also where several workers
 * count at once (for TSan too), and never more, however many destinations there are. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "class_limits.h"

enum { WORKERS = 4, DESTINATIONS = 64, SECONDS = 12, MOST = 50, MANY = 1 << 20 };

static struct limits *limits;
static pthread_barrier_t barrier;
static _Atomic uint32_t passed[SECONDS][DESTINATIONS];

static struct packet to(uint64_t destination)
{
    return (struct packet){.destination = {destination, 0}, .version = 4};
}

static bool takes(uint64_t destination, uint32_t slot, uint64_t time, uint32_t most)
{
    const struct packet packet = to(destination);

    return limits_take(limits, &packet, slot, time, most);
}

static int set_up(void **state)
{
    (void)state;
    return limits_new(&limits, 1);
}

static int tear_down(void **state)
{
    (void)state;
    free(limits);
    return 0;
}

static void *work(void *context)
{
    (void)context;
    for (uint32_t second = 0; second < SECONDS; second++) {
        pthread_barrier_wait(&barrier); /* times differ by less than a second */
        for (uint32_t i = 0; i < MOST * DESTINATIONS; i++) {
            uint32_t destination = i % DESTINATIONS;
            uint64_t time = second * LIMIT_SECOND_NS + i;

            if (takes(destination + 1, 3, time, MOST))
                passed[second][destination]++;
        }
    }
    return NULL;
}

/* Each of the workers alone would pass as many as all of them together may. */
static void workers_together_pass_exactly_so_many(void **state)
{
    pthread_t thread[WORKERS];

    (void)state;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, WORKERS), 0);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, work, NULL), 0);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(thread[i], NULL);
    pthread_barrier_destroy(&barrier);
    for (uint32_t second = 0; second < SECONDS; second++)
        for (uint32_t destination = 0; destination < DESTINATIONS; destination++)
            assert_int_equal(passed[second][destination], MOST);
}

static void each_second_class_and_destination_for_itself(void **state)
{
    const uint64_t end = LIMIT_SECOND_NS - 1;

    (void)state;
    assert_true(takes(9, 0, 0, 1));
    assert_false(takes(9, 0, end, 1));
    assert_true(takes(9, 0, LIMIT_SECOND_NS, 1));
    assert_false(takes(9, 0, end, 1)); /* late, but of its own second */
    assert_true(takes(9, 1, end, 1));
    assert_true(takes(8, 0, end, 1));
    struct packet six = to(9);
    six.version = 6;
    assert_true(limits_take(limits, &six, 0, end, 1));
    assert_true(takes(9, 0, end, 2)); /* a limit may be raised meanwhile */
    assert_true(takes(9, 0, (uint64_t)-1, LIMIT_MOST));
    assert_false(takes(9, 0, (uint64_t)-2, 1)); /* before 1970 */
}

/* More destinations than there is room for share what is there: nobody gets more than its due. */
static void never_more_than_due(void **state)
{
    uint32_t first = 0, again = 0;

    (void)state;
    for (uint64_t destination = 1; destination <= MANY; destination++)
        first += takes(destination, 0, 5, 1);
    for (uint64_t destination = 1; destination <= MANY; destination++)
        again += takes(destination, 0, 6, 1);
    assert_int_equal(first, LIMIT_SETS * LIMIT_WAYS);
    assert_int_equal(again, 0);
}

/* As many as a list of victims is long: all have their own. */
static void room_for_thousands(void **state)
{
    (void)state;
    for (uint64_t destination = 1; destination <= LIMIT_SETS / 2; destination++)
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(takes(destination, 0, i, 2), i < 2);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(workers_together_pass_exactly_so_many),
        TEST(each_second_class_and_destination_for_itself),
        TEST(never_more_than_due),
        TEST(room_for_thousands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
