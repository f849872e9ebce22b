// SPDX-License-Identifier: BSD-2-Clause
/* Every variant of the host pass gives host_read's numbers, and leaves flows and hosts as the
 * scalar one does. AFXDP_SEED repeats a run, AFXDP_CPU_MASK leaves levels of the CPU out. */
#include "host_pass.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu.h"
#include "host_features.h"
#include "memory_port.h"
#include "pipeline.h"
#include "random.h"

enum { PACKETS = 1000, TRAFFIC_RUNS = 8, WORD_RUNS = 40 };

static struct random random_state;

static uint32_t below(uint32_t bound)
{
    return random_below(&random_state, bound);
}

/* A pipeline of set 2 that keeps the features of all packets. */
struct rig {
    struct burst_observer observer;
    struct pipeline *pipeline;
    struct host_tables *hosts;
    struct memory_port *in;
    struct policy policy;
    struct stats stats;
    uint32_t seen;
    uint32_t features[PACKETS][FEATURES_2];
    void (*look)(struct rig *rig, const struct burst *burst); /* besides; NULL: nobody */
};

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct rig *rig = (struct rig *)observer;

    assert_int_equal(burst->feature_count, FEATURES_2);
    memcpy(rig->features[rig->seen], burst->features, burst->ip_count * sizeof(rig->features[0]));
    rig->seen += burst->ip_count;
    if (rig->look)
        rig->look(rig, burst);
}

/* Zeroed memory, aligned as a pipeline has to be. */
static void rig_open(struct rig *rig, const struct host_pass *pass, uint32_t rows, uint32_t flows)
{
    struct flow_table_options options = {.flows = flows, .timeout = 120, .fixed_seed = true};
    struct host_tables_options hosts = HOST_TABLES_OPTIONS_DEFAULT;

    memset(rig, 0, sizeof(*rig));
    hosts.cells = HOST_CELLS_LEAST;
    hosts.rows = rows;
    hosts.fixed_seed = true;
    rig->pipeline = pipeline_new();
    rig->in = memory_port_new();
    assert_int_equal(flow_table_new(&rig->pipeline->table, &options, NULL), 0);
    assert_int_equal(host_tables_new(&rig->hosts, &hosts, NULL), 0);
    rig->hosts->pass = pass;
    policy_init(&rig->policy, NULL);
    rig->observer.observe = observe;
    rig->pipeline->hosts = rig->hosts;
    rig->pipeline->policy = &rig->policy;
    rig->pipeline->observer = &rig->observer;
}

static void rig_close(struct rig *rig)
{
    flow_table_free(rig->pipeline->table);
    host_tables_free(rig->hosts);
    free(rig->pipeline);
    free(rig->in);
}

static void run(struct rig *rig)
{
    const struct route route = {.in = &rig->in->port, .stats = &rig->stats};

    rig->in->next = 0;
    rig->seen = 0;
    while (pipeline_run(rig->pipeline, &route) > 0) {
    }
    assert_int_equal(rig->seen, PACKETS);
}

static void add(struct rig *rig, const struct test_packet *packet, uint8_t tcp_flags)
{
    uint32_t at = rig->in->count;

    memory_port_add(rig->in, packet);
    if (packet->protocol == PROTOCOL_TCP)
        rig->in->bytes[at][14 + (packet->version == 6 ? 40 : 20) + 13] = tcp_flags;
}

static uint64_t random_word64(void)
{
    return (uint64_t)random_word(&random_state) << 32 | random_word(&random_state);
}

/* A word as a reader in `window` may meet it: of windows about its own, or of any. */
static uint64_t some_word(uint32_t window)
{
    static const uint64_t extremes[] = {0,
                                        HOST_VALUE_MASK,
                                        1,
                                        UINT64_C(1) << 16,
                                        UINT64_C(1) << 32,
                                        0xffff,
                                        UINT64_C(0xffff) << 16,
                                        UINT64_C(0xffff) << 32};
    uint64_t value = below(2) ? extremes[below(8)] : random_word64() >> below(48);
    uint64_t tag = below(4) ? host_tag(window) + below(6) - 3 : random_word(&random_state);

    return (value & HOST_VALUE_MASK) | tag << HOST_TAG_SHIFT;
}

/* The features of each packet's hosts as host_read gives them. */
static void look(struct rig *rig, const struct burst *burst)
{
    uint32_t window = host_window(rig->pipeline->host_time);

    for (uint32_t i = 0; i < burst->ip_count; i++) {
        const struct host_numbers numbers = flow_cells(burst->flows[i]);
        struct host_rows rows = {.count = rig->hosts->rows};
        uint32_t expected[FEATURES_2] = {0};

        for (uint32_t row = 0; row < rows.count; row++)
            rows.cells[row] = host_tables_cells(rig->hosts, &numbers, row);
        host_read(&rows, window, expected);
        assert_memory_equal(burst_features(burst, i) + HOST_FEATURE_FIRST,
                            expected + HOST_FEATURE_FIRST, HOST_FEATURES * sizeof(uint32_t));
    }
}

/* Flows that no event comes of any more. */
static void settle(struct rig *rig, const struct burst *burst)
{
    (void)rig;
    for (uint32_t i = 0; i < burst->ip_count; i++)
        burst->flows[i]->state = FLOW_COUNTED | FLOW_COMPLETED;
}

static uint32_t some_window(void)
{
    static const uint32_t windows[] = {0, 1, 2, 3, 0x1fffe, 0x1ffff, 0x20000, 0x20001};

    return below(2) ? windows[below(8)] : below(1 << 29);
}

static void reads_any_words(const struct host_pass *pass, uint32_t rows)
{
    struct rig *rig = malloc(sizeof(*rig));

    rig_open(rig, pass, rows, 4096);
    rig->look = settle;
    for (uint32_t i = 0; i < PACKETS; i++)
        add(rig,
            &(struct test_packet){4, PROTOCOL_UDP, (uint8_t)(i % 250), (uint8_t)(i / 250 + 250),
                                  (uint16_t)i, 53, 0},
            0);
    run(rig);
    rig->look = look;
    for (int repeat = 0; repeat < WORD_RUNS; repeat++) {
        uint32_t window = some_window();
        uint64_t *words = rig->hosts->memory.start;

        for (size_t i = 0; i < rig->hosts->memory.size / sizeof(*words); i++)
            words[i] = some_word(window);
        for (uint32_t i = 0; i < PACKETS; i++) {
            rig->in->frames[i].time = (uint64_t)window << HOST_WINDOW_SHIFT;
        }
        rig->pipeline->host_time = 0;
        rig->pipeline->table->timeout = UINT64_MAX;
        run(rig);
    }
    rig_close(rig);
    free(rig);
}

/* Few hosts in few cells, so that they share words, and a table so small that it evicts. */
static void add_traffic(struct rig *rig)
{
    static const uint8_t flags[] = {TCP_SYN, TCP_ACK,           TCP_SYN | TCP_ACK,
                                    TCP_RST, TCP_RST | TCP_ACK, TCP_FIN | TCP_ACK};
    static const uint8_t protocols[] = {PROTOCOL_TCP, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMP};
    uint64_t time = (uint64_t)some_window() << HOST_WINDOW_SHIFT;

    for (uint32_t i = 0; i < PACKETS; i++) {
        uint8_t client = (uint8_t)below(8);
        uint8_t server = (uint8_t)(100 + below(4));
        bool back = below(3) == 0;
        uint8_t protocol = protocols[below(4)];
        uint16_t port = (uint16_t)(5000 + below(4));

        time += (uint64_t)below(1 << 30) << (below(50) == 0 ? 4 : 0);
        add(rig,
            &(struct test_packet){below(4) ? 4 : 6, protocol, back ? server : client,
                                  back ? client : server, back ? 80 : port, back ? port : 80,
                                  below(20) ? time : time - below(1u << 31)},
            flags[below(6)]);
        if (protocol == PROTOCOL_ICMP && below(2)) {
            uint8_t *icmp = rig->in->bytes[i] + 34;

            icmp[0] = 3; /* too short to quote anything */
        }
    }
}

static void leaves_as_the_scalar_one(const struct host_pass *pass, uint32_t rows)
{
    struct rig *rigs = calloc(2, sizeof(*rigs));
    struct random before = random_state;

    for (int i = 0; i < 2; i++) {
        random_state = before;
        rig_open(&rigs[i], i == 0 ? &host_pass_scalar : pass, rows, 32);
        add_traffic(&rigs[i]);
        rigs[i].in->most = 0;
        run(&rigs[i]);
    }
    assert_true(rigs[0].stats.evictions > 0);
    assert_memory_equal(&rigs[0].stats, &rigs[1].stats, sizeof(rigs[0].stats));
    assert_memory_equal(rigs[0].features, rigs[1].features, sizeof(rigs[0].features));
    assert_memory_equal(rigs[0].pipeline->table->buckets, rigs[1].pipeline->table->buckets,
                        rigs[0].pipeline->table->memory.size);
    assert_memory_equal(rigs[0].hosts->memory.start, rigs[1].hosts->memory.start,
                        rigs[0].hosts->memory.size);
    rig_close(&rigs[0]);
    rig_close(&rigs[1]);
    free(rigs);
}

static void each_offered(void (*check)(const struct host_pass *pass, uint32_t rows), int times)
{
    for (size_t i = 0; i < host_pass_count(); i++) {
        const struct host_pass *pass = host_pass_at(i);

        if (!host_pass_offered(pass, cpu_levels())) {
            print_message("%s: not offered by this CPU and mask\n", pass->name);
            continue;
        }
        for (int time = 0; time < times; time++) {
            check(pass, 1);
            check(pass, HOST_ROWS_MAX);
        }
    }
}

static void every_variant_reads_any_words(void **state)
{
    (void)state;
    each_offered(reads_any_words, 1);
}

static void every_variant_leaves_the_same(void **state)
{
    (void)state;
    each_offered(leaves_as_the_scalar_one, TRAFFIC_RUNS);
}

static void the_fastest_offered_is_taken(void **state)
{
    (void)state;
    struct host_tables_options options = HOST_TABLES_OPTIONS_DEFAULT;
    struct host_tables *hosts = NULL;

    assert_ptr_equal(host_pass_for(0), &host_pass_scalar);
    assert_ptr_equal(host_pass_for(CPU_ALL), host_pass_at(host_pass_count() - 1));
    assert_int_equal(host_tables_new(&hosts, &options, NULL), 0);
    assert_ptr_equal(hosts->pass, host_pass_for(cpu_levels()));
    host_tables_free(hosts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_reads_any_words),
        cmocka_unit_test(every_variant_leaves_the_same),
        cmocka_unit_test(the_fastest_offered_is_taken),
    };

    random_state = random_begin("host_pass_test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
