// SPDX-License-Identifier: BSD-2-Clause
#include "flow_table_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "flow_features.h"

#define SECOND UINT64_C(1000000000)

/* A key of its own for every number. */
static struct flow_key key_of(uint32_t number)
{
    return (struct flow_key){.low_address = {number}, .high_address = {~UINT64_C(0)}};
}

static enum flow_event see_from(struct flow_table *table, uint32_t number, uint64_t now,
                                bool from_low)
{
    struct flow_key key = key_of(number);
    uint64_t hash = flow_hash(&table->seed, &key);
    struct packet packet = {.length = 100, .version = 4};
    uint32_t features[FEATURES_1];
    struct flow_lookup lookup;
    struct flow *flow = flow_bucket_lookup(flow_table_bucket(table, hash), hash, &key, from_low,
                                           now, table->timeout, &lookup);

    assert_true(flow_key_equal(&flow->key, &key));
    flow_features_update(flow, &packet, from_low, now, features);
    return lookup.event;
}

static enum flow_event see(struct flow_table *table, uint32_t number, uint64_t now)
{
    return see_from(table, number, now, true);
}

static enum flow_event answer(struct flow_table *table, uint32_t number, uint64_t now)
{
    return see_from(table, number, now, false);
}

static struct flow_table *make(uint32_t flows, uint32_t timeout)
{
    struct flow_table_options options = {.flows = flows, .timeout = timeout, .fixed_seed = true};
    struct flow_table *table = NULL;
    struct error error;

    assert_int_equal(flow_table_new(&table, &options, &error), 0);
    return table;
}

static void rounds_its_capacity_up(void **state)
{
    (void)state;
    const struct {
        uint32_t flows;
        uint64_t capacity;
    } cases[] = {
        {1, 8}, {8, 8}, {9, 16}, {1000, 1024}, {1 << 20, 1 << 20}, {(1 << 20) + 1, 2 << 20}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct flow_table *table = make(cases[i].flows, 120);
        assert_int_equal(flow_table_capacity(table), cases[i].capacity);
        flow_table_free(table);
    }
}

static void refuses_options_out_of_range(void **state)
{
    (void)state;
    const struct flow_table_options bad[] = {
        {.flows = 0, .timeout = 1},
        {.flows = FLOWS_MAX + 1, .timeout = 1},
        {.flows = 1, .timeout = FLOW_TIMEOUT_MAX + 1},
    };
    struct flow_table *table = NULL;
    struct error error;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(flow_table_new(&table, &bad[i], &error), -EINVAL);
        assert_null(table);
    }
}

static void fixes_the_seed_only_when_asked(void **state)
{
    (void)state;
    struct flow_table_options options = FLOW_TABLE_OPTIONS_DEFAULT;
    struct flow_table *table[4];
    struct error error;

    options.flows = 8;
    for (int i = 0; i < 4; i++) {
        options.fixed_seed = i < 2;
        options.seed = 7;
        assert_int_equal(flow_table_new(&table[i], &options, &error), 0);
    }
    assert_memory_equal(&table[0]->seed, &table[1]->seed, sizeof(struct flow_seed));
    assert_memory_not_equal(&table[2]->seed, &table[3]->seed, sizeof(struct flow_seed));
    for (int i = 0; i < 4; i++)
        flow_table_free(table[i]);
}

static void is_the_same_when_all_memory_is_there_from_the_start(void **state)
{
    (void)state;
    struct flow_table_options options = {
        .flows = 100000, .timeout = 120, .fixed_seed = true, .ready = true};
    struct flow_table *ready = NULL;
    struct flow_table *lazy = make(100000, 120);
    struct error error;

    assert_int_equal(flow_table_new(&ready, &options, &error), 0);
    assert_memory_equal(ready->buckets, lazy->buckets, lazy->memory.size);
    for (uint32_t i = 0; i < 300000; i++)
        assert_int_equal(see(ready, i % 120001, i), see(lazy, i % 120001, i));
    flow_table_free(ready);
    flow_table_free(lazy);
}

static void evicts_the_oldest_of_a_full_bucket(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(see(table, i, (10 + i) * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 0, 20 * SECOND), FLOW_KNOWN); /* now 1 is the oldest */
    assert_int_equal(see(table, 8, 21 * SECOND), FLOW_EVICTED);
    assert_int_equal(see(table, 0, 22 * SECOND), FLOW_KNOWN);
    assert_int_equal(see(table, 2, 22 * SECOND), FLOW_KNOWN);
    assert_int_equal(see(table, 1, 23 * SECOND), FLOW_EVICTED);
    flow_table_free(table);
}

/* The place of a flow that has timed out is free: taking it evicts nobody. */
static void takes_the_place_of_an_expired_flow(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(see(table, i, (10 + i) * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 8, 131 * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 9, 131 * SECOND), FLOW_EVICTED); /* 11 + 120 isn't over yet */
    flow_table_free(table);
}

static void starts_a_new_flow_only_past_the_timeout(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    assert_int_equal(see(table, 1, 10 * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 1, 130 * SECOND), FLOW_KNOWN);     /* exactly the timeout */
    assert_int_equal(see(table, 1, 250 * SECOND + 1), FLOW_BEGUN); /* one nanosecond more */
    assert_int_equal(see(table, 1, 5 * SECOND), FLOW_KNOWN);       /* time goes back */
    assert_int_equal(see(table, 1, 370 * SECOND + 1), FLOW_KNOWN); /* `last` did not */
    flow_table_free(table);
}

/* An answered flow's age counts an eighth: a silence of 79 s is less than one of 10 s. */
static void keeps_answered_flows_eight_times_as_long(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(see(table, i, 10 * SECOND), FLOW_BEGUN);
    assert_int_equal(answer(table, 0, 11 * SECOND), FLOW_KNOWN);
    assert_int_equal(see(table, 0, 12 * SECOND), FLOW_KNOWN); /* stays answered */
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(see(table, i, 80 * SECOND), FLOW_KNOWN);
    assert_int_equal(see(table, 8, 90 * SECOND), FLOW_EVICTED); /* 1 goes: 10 against 78 / 8 */
    assert_int_equal(see(table, 0, 90 * SECOND), FLOW_KNOWN);
    flow_table_free(table);
}

/* It is no absolute preference: handshakes live too when all others were answered. */
static void evicts_an_answered_flow_when_its_silence_is_long(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(see(table, i, (10 + i) * SECOND), FLOW_BEGUN);
        assert_int_equal(answer(table, i, (10 + i) * SECOND), FLOW_KNOWN);
    }
    assert_int_equal(see(table, 7, 50 * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 8, 51 * SECOND), FLOW_EVICTED); /* 0 goes: 41 / 8 against 1 */
    assert_int_equal(see(table, 7, 51 * SECOND), FLOW_KNOWN);
    flow_table_free(table);
}

static void forgets_an_answer_with_the_flow_that_timed_out(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(see(table, i, 10 * SECOND), FLOW_BEGUN);
    assert_int_equal(answer(table, 0, 10 * SECOND), FLOW_KNOWN);
    assert_int_equal(see(table, 0, 131 * SECOND), FLOW_BEGUN); /* anew */
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(see(table, i, 132 * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 8, 140 * SECOND), FLOW_EVICTED);
    assert_int_equal(see(table, 0, 140 * SECOND), FLOW_EVICTED); /* 9 s against 8 */
    flow_table_free(table);
}

/* An expired flow goes first, answered or not, and whatever the ages of the others. */
static void prefers_expired_flows_to_all_others(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    assert_int_equal(see(table, 0, 10 * SECOND), FLOW_BEGUN);
    assert_int_equal(answer(table, 0, 10 * SECOND), FLOW_KNOWN);
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(see(table, i, 20 * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 8, 131 * SECOND), FLOW_BEGUN); /* 121 / 8 against 111 */
    assert_int_equal(see(table, 1, 131 * SECOND), FLOW_KNOWN);
    flow_table_free(table);
}

/* Stamps wrap after 26 days, and before that no idle flow looks younger than one that lives. */
static void evicts_a_dead_flow_however_long_it_has_been_idle(void **state)
{
    (void)state;
    const uint64_t day = 24 * 3600 * SECOND;
    const uint64_t silences[] = {day,      12 * day, 14 * day, 25 * day,
                                 26 * day, 27 * day, 51 * day, 400 * day};

    for (size_t i = 0; i < sizeof(silences) / sizeof(silences[0]); i++) {
        struct flow_table *table = make(8, 120);
        uint64_t now = 5 * day + silences[i];

        assert_int_equal(see(table, 0, 5 * day), FLOW_BEGUN);
        for (uint32_t flow = 1; flow < 8; flow++)
            assert_int_equal(see(table, flow, now), FLOW_BEGUN);
        assert_int_equal(see(table, 8, now + SECOND), FLOW_BEGUN);
        assert_int_equal(see(table, 7, now + SECOND), FLOW_KNOWN);
        flow_table_free(table);
    }
}

/* A flow seen a little in the future is of age 0, not of 26 days. */
static void takes_stamps_of_the_future_for_young(void **state)
{
    (void)state;
    struct flow_table *table = make(8, 120);

    assert_int_equal(see(table, 0, 100 * SECOND), FLOW_BEGUN);
    for (uint32_t i = 1; i < 8; i++)
        assert_int_equal(see(table, i, 80 * SECOND), FLOW_BEGUN);
    assert_int_equal(see(table, 8, 84 * SECOND), FLOW_EVICTED);
    assert_int_equal(see(table, 0, 84 * SECOND), FLOW_KNOWN);
    flow_table_free(table);
}

/* Three times as many new flows as fit come between two packets of each conversation. */
static void conversations_outlive_a_flood(void **state)
{
    (void)state;
    enum { CONVERSATIONS = 1000, FLOOD = 200000, ROUNDS = 4 };
    struct flow_table *table = make(1 << 16, 120);
    uint64_t now = SECOND;
    uint32_t next = CONVERSATIONS;
    uint32_t lost = 0;

    for (uint32_t i = 0; i < CONVERSATIONS; i++) {
        see(table, i, now);
        answer(table, i, now);
    }
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < FLOOD; i++) /* 1 M flows a second */
            see(table, next++, now += 1000);
        for (uint32_t i = 0; i < CONVERSATIONS; i++)
            lost += see(table, i, now) != FLOW_KNOWN;
        for (uint32_t i = 0; i < CONVERSATIONS; i++)
            answer(table, i, now);
    }
    assert_in_range(lost, 0, ROUNDS * CONVERSATIONS / 8);
    flow_table_free(table);
}

/* A full table of random traffic: what it knows is what it must know. */
static void keeps_a_million_flows(void **state)
{
    (void)state;
    struct flow_table *table = make(1 << 20, 120);
    uint32_t evicted = 0;

    for (uint32_t i = 0; i < 500000; i++)
        evicted += see(table, i, SECOND + i) == FLOW_EVICTED;
    assert_in_range(evicted, 0, 25000); /* half full: 2 % of the buckets run over */
    uint32_t known = 0;
    for (uint32_t i = 499999; i > 490000; i--)
        known += see(table, i, 2 * SECOND) == FLOW_KNOWN;
    assert_in_range(known, 9800, 9999);
    flow_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_its_capacity_up),
        cmocka_unit_test(refuses_options_out_of_range),
        cmocka_unit_test(fixes_the_seed_only_when_asked),
        cmocka_unit_test(is_the_same_when_all_memory_is_there_from_the_start),
        cmocka_unit_test(evicts_the_oldest_of_a_full_bucket),
        cmocka_unit_test(takes_the_place_of_an_expired_flow),
        cmocka_unit_test(starts_a_new_flow_only_past_the_timeout),
        cmocka_unit_test(keeps_answered_flows_eight_times_as_long),
        cmocka_unit_test(evicts_an_answered_flow_when_its_silence_is_long),
        cmocka_unit_test(forgets_an_answer_with_the_flow_that_timed_out),
        cmocka_unit_test(prefers_expired_flows_to_all_others),
        cmocka_unit_test(evicts_a_dead_flow_however_long_it_has_been_idle),
        cmocka_unit_test(takes_stamps_of_the_future_for_young),
        cmocka_unit_test(conversations_outlive_a_flood),
        cmocka_unit_test(keeps_a_million_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
