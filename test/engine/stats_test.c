// SPDX-License-Identifier: BSD-2-Clause
#include "stats.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROUNDS = 200000 };

static void adds_up_only_when_every_packet_is_everywhere_once(void **state)
{
    (void)state;
    struct stats stats = {.packets = 3};

    stats.slots[0] = 2;
    stats.slots[SLOT_MALFORMED] = 1;
    stats.actions[ACTION_COUNT] = 3;
    stats.endings[ENDING_FORWARDED] = 2;
    assert_false(stats_add_up(&stats));
    stats.failures[FAILURE_TX_FULL] = 1;
    assert_true(stats_add_up(&stats));
    assert_int_equal(stats_failed(&stats), 1);
    stats.slots[SLOT_UNSURE]++;
    assert_false(stats_add_up(&stats));
}

static void merges_every_counter(void **state)
{
    (void)state;
    struct stats one, total = {0};
    uint64_t *counter = (uint64_t *)&one;
    size_t count = sizeof(one) / sizeof(*counter);

    for (size_t i = 0; i < count; i++)
        counter[i] = i + 1;
    stats_add_snapshot(&total, &one);
    stats_add_snapshot(&total, &one);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(((uint64_t *)&total)[i], 2 * (i + 1));
}

static void *write_counters(void *argument)
{
    struct stats *stats = argument;

    for (int i = 0; i < ROUNDS; i++) {
        stats_add(&stats->packets, 1);
        stats_add(&stats->slots[SLOT_OTHER], 1);
    }
    return NULL;
}

/* Under ThreadSanitizer this also proves that one writer and a reader don't race. */
static void reads_while_another_thread_writes(void **state)
{
    (void)state;
    static struct stats stats;
    uint64_t before = 0;
    pthread_t writer;

    assert_int_equal(pthread_create(&writer, NULL, write_counters, &stats), 0);
    while (before < ROUNDS) {
        struct stats now = {0};

        stats_add_snapshot(&now, &stats);
        assert_true(now.packets >= before && now.packets <= ROUNDS);
        before = now.packets;
    }
    pthread_join(writer, NULL);
    assert_int_equal(stats.slots[SLOT_OTHER], ROUNDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_up_only_when_every_packet_is_everywhere_once),
        cmocka_unit_test(merges_every_counter),
        cmocka_unit_test(reads_while_another_thread_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
