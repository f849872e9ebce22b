// SPDX-License-Identifier: BSD-2-Clause
#include "read_ahead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "memory_port.h"
#include "pipeline.h"

enum { PACKETS = 200 };

/* The table and the counters after packets of some flows, known and evicted ones among them. */
static struct flow_table *run(bool read_ahead, struct stats *stats)
{
    struct flow_table_options options = {.flows = 8, .timeout = 120, .fixed_seed = true};
    struct test_packet packet = {4, PROTOCOL_TCP, 9, 1, 0, 80, 1000000000};
    struct pipeline *pipeline = pipeline_new();
    struct memory_port *in = memory_port_new();
    const struct route route = {.in = &in->port, .out = NULL, .stats = stats};
    struct flow_table *table = NULL;
    struct policy policy;

    assert_int_equal(flow_table_new(&table, &options, NULL), 0);
    table->read_ahead = read_ahead;
    policy_init(&policy, NULL);
    pipeline->table = table;
    pipeline->policy = &policy;
    for (uint32_t i = 0; i < PACKETS; i++, packet.time += 1000) {
        packet.source_port = (uint16_t)(5000 + i * 7 % 13);
        memory_port_add(in, &packet);
    }
    while (pipeline_run(pipeline, &route) > 0) {
    }
    free(in);
    free(pipeline);
    return table;
}

static void changes_nothing(void **state)
{
    (void)state;
    struct stats stats[2] = {0};
    struct flow_table *with = run(true, &stats[0]);
    struct flow_table *without = run(false, &stats[1]);

    assert_int_equal(stats[0].packets, PACKETS);
    assert_true(stats[0].evictions > 0);
    assert_memory_equal(&stats[0], &stats[1], sizeof(stats[0]));
    assert_memory_equal(with->buckets, without->buckets, with->memory.size);
    flow_table_free(with);
    flow_table_free(without);
}

static void leaves_the_flows_as_they_are(void **state)
{
    (void)state;
    struct stats stats = {0};
    struct flow_table *table = run(false, &stats);
    struct flow_bucket *before = aligned_alloc(64, table->memory.size);

    memcpy(before, table->buckets, table->memory.size);
    (void)read_ahead_pays(table->buckets, table->bucket_count);
    assert_memory_equal(table->buckets, before, table->memory.size);
    free(before);
    flow_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_nothing),
        cmocka_unit_test(leaves_the_flows_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
