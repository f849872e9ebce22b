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

static enum flow_event see(struct flow_table *table, uint32_t number, uint64_t now)
{
    struct flow_key key = key_of(number);
    uint64_t hash = flow_hash(&table->seed, &key);
    struct packet packet = {.length = 100, .version = 4};
    struct features features;
    enum flow_event event;
    struct flow *flow = flow_bucket_lookup(flow_table_bucket(table, hash), hash, &key, true, now,
                                           table->timeout, &event);

    assert_true(flow_key_equal(&flow->key, &key));
    flow_features_update(flow, &packet, true, now, &features);
    return event;
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
        cmocka_unit_test(keeps_a_million_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
