// SPDX-License-Identifier: BSD-2-Clause
/* Looking at a flow table, at rest and while another thread writes. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <pthread.h>
#include <string.h>

#include "flow_features.h"
#include "flow_view.h"

enum { SECOND = 1000000000 };

static struct flow_table *new_table(uint32_t flows)
{
    const struct flow_table_options options = {.flows = flows, .timeout = 10, .fixed_seed = true};
    struct flow_table *table;
    struct error error;

    assert_int_equal(flow_table_new(&table, &options, &error), 0);
    return table;
}

/* A packet of flow `number`: its ports say which, its length too. */
static void count_packet(struct flow_table *table, uint16_t number, uint64_t now)
{
    const struct packet packet = {.source = {1},
                                  .destination = {2},
                                  .length = number,
                                  .source_port = number,
                                  .destination_port = number,
                                  .protocol = PROTOCOL_UDP,
                                  .version = 4};
    uint32_t features[FEATURES_1];
    struct flow_key key;
    struct flow_lookup lookup;
    bool from_low = flow_key_of(&packet, &key);
    uint64_t hash = flow_hash(&table->seed, &key);
    struct flow *flow = flow_bucket_lookup(flow_table_bucket(table, hash), hash, &key, from_low,
                                           now, table->timeout, &lookup);

    flow_features_update(flow, &packet, from_low, now, features);
}

struct seen {
    uint64_t flows, packets, bytes, wrong;
};

static void take(void *context, const struct flow_view *flow)
{
    struct seen *seen = context;
    uint64_t number = flow_key_low_port(&flow->key);

    seen->flows++;
    seen->packets += flow->packets;
    seen->wrong += flow_key_high_port(&flow->key) != number || number == 0 || flow->packets == 0;
    seen->bytes += flow->length_sum;
}

static void every_live_flow_is_seen_once(void **state)
{
    struct flow_table *table = new_table(65536);
    struct seen all = {0}, live = {0};

    (void)state;
    for (uint16_t packet = 0; packet < 3; packet++) {
        for (uint16_t number = 1; number <= 1000; number++)
            count_packet(table, number, number <= 400 ? SECOND : 20ULL * SECOND);
    }
    flow_view_walk(table, 0, take, &all);
    assert_int_equal(all.flows, 1000);
    assert_int_equal(all.packets, 3000);
    assert_int_equal(all.bytes, 3 * 1000 * 1001 / 2);
    assert_int_equal(all.wrong, 0);
    flow_view_walk(table, 21ULL * SECOND, take, &live);
    assert_int_equal(live.flows, 600);
    flow_table_free(table);
}

struct writing {
    struct flow_table *table;
    bool ends;
};

static void counting_a_part_comes_close(void **state)
{
    (void)state;
    struct flow_table *table = new_table(8192);

    assert_int_equal(flow_view_count(table, 0, 16), 0);
    for (uint16_t number = 1; number <= 5000; number++)
        count_packet(table, number, number <= 1000 ? SECOND : 20 * (uint64_t)SECOND);
    struct seen seen = {0};
    flow_view_walk(table, 21 * (uint64_t)SECOND, take, &seen);
    assert_int_equal(flow_view_count(table, 21 * (uint64_t)SECOND, table->bucket_count),
                     seen.flows);
    assert_in_range(flow_view_count(table, 21 * (uint64_t)SECOND, 200), seen.flows * 8 / 10,
                    seen.flows * 12 / 10);
    flow_table_free(table);
}

static void *write_flows(void *argument)
{
    struct writing *writing = argument;
    uint64_t packet = 0;

    for (; !__atomic_load_n(&writing->ends, __ATOMIC_ACQUIRE); packet++)
        count_packet(writing->table, (uint16_t)(1 + packet % 1000), packet);
    return NULL;
}

static void no_key_is_made_of_two(void **state)
{
    struct writing writing = {.table = new_table(64)}; /* evicts without end */
    struct seen seen = {0};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, write_flows, &writing), 0);
    while (seen.flows == 0) /* the writer may come late */
        flow_view_walk(writing.table, 0, take, &seen);
    for (int i = 0; i < 100000; i++)
        flow_view_walk(writing.table, 0, take, &seen);
    __atomic_store_n(&writing.ends, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    assert_int_equal(seen.wrong, 0);
    flow_table_free(writing.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_live_flow_is_seen_once),
        cmocka_unit_test(counting_a_part_comes_close),
        cmocka_unit_test(no_key_is_made_of_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
