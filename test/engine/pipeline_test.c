// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "memory_port.h"

#define SECOND UINT64_C(1000000000)

/* A pipeline over memory ports that keeps what it saw of each packet. */
struct rig {
    struct burst_observer observer;
    struct pipeline pipeline;
    struct memory_port *in;
    struct memory_port *out;
    struct policy policy;
    uint32_t seen;
    uint32_t features[MEMORY_PORT_FRAMES][FEATURES_1];
    struct verdict verdicts[MEMORY_PORT_FRAMES];
    uint8_t slot[MEMORY_PORT_FRAMES];
    struct stats stats;
};

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct rig *rig = (struct rig *)observer;

    for (uint32_t i = 0; i < burst->ip_count; i++) {
        memcpy(rig->features[rig->seen + burst->place[i]], burst_features(burst, i),
               sizeof(rig->features[0]));
        rig->verdicts[rig->seen + burst->place[i]] = burst->verdicts[i];
    }
    memcpy(rig->slot + rig->seen, burst->slot, burst->count);
    rig->seen += burst->count;
}

static struct rig *rig_new(uint32_t flows)
{
    struct flow_table_options options = {.flows = flows, .timeout = 120, .fixed_seed = true};
    struct rig *rig = aligned_alloc(_Alignof(struct rig), sizeof(*rig));
    struct error error;

    memset(rig, 0, sizeof(*rig));
    assert_int_equal(flow_table_new(&rig->pipeline.table, &options, &error), 0);
    policy_init(&rig->policy, NULL);
    rig->observer.observe = observe;
    rig->pipeline.policy = &rig->policy;
    rig->pipeline.observer = &rig->observer;
    rig->in = memory_port_new();
    rig->out = memory_port_new();
    return rig;
}

static void rig_free(struct rig *rig)
{
    flow_table_free(rig->pipeline.table);
    free(rig->in);
    free(rig->out);
    free(rig);
}

static int run(struct rig *rig, struct port *out)
{
    const struct route route = {.in = &rig->in->port, .out = out, .stats = &rig->stats};
    int received;

    while ((received = pipeline_run(&rig->pipeline, &route)) > 0) {
    }
    assert_true(stats_add_up(&rig->stats));
    return received;
}

static void feed(struct rig *rig, const struct test_packet *packets, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memory_port_add(rig->in, &packets[i]);
    assert_int_equal(run(rig, NULL), -ENODATA);
}

static uint32_t feature(const struct rig *rig, uint32_t packet, enum feature which)
{
    return rig->features[packet][which];
}

/* Class: the responder's port modulo 3; confidence: its place in the hundreds. */
static void classify_by_port(const void *model, const uint32_t *features, size_t count,
                             struct verdict *verdicts)
{
    const uint16_t *offset = model;

    for (size_t i = 0; i < count; i++) {
        uint32_t port = features[i * FEATURES_1 + FEATURE_DPORT];
        verdicts[i] = (struct verdict){(uint16_t)((port + *offset) % 3), (uint16_t)(port % 1000)};
    }
}

static const struct q8 three_classes = {
    .class_count = 3, .classes = {{.name = "zero"}, {.name = "one"}, {.name = "two"}}};

static void follows_a_flow_in_both_directions(void **state)
{
    (void)state;
    const struct test_packet packets[] = {
        {4, PROTOCOL_TCP, 9, 1, 5000, 80, SECOND},
        {4, PROTOCOL_TCP, 1, 9, 80, 5000, SECOND + 1999},
        {4, PROTOCOL_TCP, 9, 1, 5000, 80, SECOND + 5001999},
        {4, PROTOCOL_UDP, 9, 1, 5000, 80, SECOND + 6000000}, /* another protocol, another flow */
    };
    struct rig *rig = rig_new(1024);

    feed(rig, packets, 4);
    assert_int_equal(rig->stats.flows, 2);
    const uint32_t want[4][FEATURES_1] = {
        {5000, 80, 6, 40, 0, 1, 40 << 8, 0, 65536, 0, 0, 0},
        {5000, 80, 6, 40, 1, 0, 40 << 8, 0, 32768, 0, 0, 16384},
        {5000, 80, 6, 40, 5000, 1, 40 << 8, 1667, 43690, 0, 1111, 18204},
        {5000, 80, 17, 28, 0, 1, 28 << 8, 0, 65536, 0, 0, 0},
    };
    for (uint32_t i = 0; i < 4; i++)
        assert_memory_equal(rig->features[i], want[i], sizeof(want[i]));
    rig_free(rig);
}

static void never_lets_time_go_back(void **state)
{
    (void)state;
    const struct test_packet packets[] = {
        {4, PROTOCOL_UDP, 1, 2, 1, 2, 200 * SECOND},
        {4, PROTOCOL_UDP, 1, 2, 1, 2, 10 * SECOND}, /* no timeout either */
        {4, PROTOCOL_UDP, 1, 2, 1, 2, 200 * SECOND + 7000},
    };
    struct rig *rig = rig_new(1024);

    feed(rig, packets, 3);
    assert_int_equal(rig->stats.flows, 1);
    assert_int_equal(feature(rig, 1, FEATURE_INTERVAL), 0);
    assert_int_equal(feature(rig, 2, FEATURE_INTERVAL), 7);
    rig_free(rig);
}

static void counts_equal_endpoints_as_outgoing(void **state)
{
    (void)state;
    const struct test_packet packets[] = {
        {4, PROTOCOL_UDP, 5, 5, 123, 123, SECOND},
        {4, PROTOCOL_UDP, 5, 5, 123, 123, SECOND},
        {4, 1, 5, 5, 0, 0, SECOND},
    };
    struct rig *rig = rig_new(1024);

    feed(rig, packets, 3);
    assert_int_equal(rig->stats.flows, 2);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(feature(rig, i, FEATURE_DIRECTION), 1);
    rig_free(rig);
}

static void tells_ipv6_from_ipv4(void **state)
{
    (void)state;
    const struct test_packet packets[] = {
        {6, PROTOCOL_TCP, 1, 2, 7, 8, SECOND},
        {6, PROTOCOL_TCP, 2, 1, 8, 7, SECOND},
        {4, PROTOCOL_TCP, 1, 2, 7, 8, SECOND},
    };
    struct rig *rig = rig_new(1024);

    feed(rig, packets, 3);
    assert_int_equal(rig->stats.flows, 2);
    assert_int_equal(feature(rig, 0, FEATURE_LENGTH), 60);
    assert_int_equal(feature(rig, 1, FEATURE_DIRECTION), 0);
    assert_int_equal(feature(rig, 1, FEATURE_SPORT), 7);
    assert_int_equal(feature(rig, 2, FEATURE_LENGTH), 40);
    rig_free(rig);
}

static void evicts_and_counts(void **state)
{
    (void)state;
    struct rig *rig = rig_new(8);

    for (uint16_t i = 0; i < 100; i++)
        memory_port_add(rig->in,
                        &(struct test_packet){4, PROTOCOL_UDP, 1, 2, i, 53, i * SECOND / 10});
    assert_int_equal(run(rig, NULL), -ENODATA);
    assert_int_equal(rig->stats.flows, 100);
    assert_int_equal(rig->stats.evictions, 92);
    rig_free(rig);
}

static void puts_each_packet_into_its_slot(void **state)
{
    (void)state;
    const struct test_packet packets[] = {
        {0, 0, 1, 2, 0, 0, 0},
        {4, PROTOCOL_UDP, 1, 2, 9, 401, 0},
        {1, PROTOCOL_UDP, 1, 2, 9, 9, 0},
        {4, PROTOCOL_UDP, 1, 2, 9, 402, 0},
        {4, PROTOCOL_UDP, 1, 2, 9, 900, 0},
    };
    uint16_t offset = 0;
    const struct classifier classifier = {.classify = classify_by_port, .model = &offset};
    struct rig *rig = rig_new(1024);

    policy_init(&rig->policy, &three_classes);
    rig->policy.min_confidence = 402;
    rig->pipeline.classifier = &classifier;
    feed(rig, packets, 5);
    assert_memory_equal(rig->slot, ((uint8_t[]){SLOT_OTHER, SLOT_UNSURE, SLOT_MALFORMED, 0, 0}), 5);
    assert_int_equal(rig->stats.slots[0], 2);
    assert_int_equal(rig->stats.actions[ACTION_FORWARD], 1); /* other */
    assert_int_equal(rig->stats.actions[ACTION_COUNT], 4);
    assert_int_equal(rig->stats.endings[ENDING_CONSUMED], 5);
    assert_int_equal(rig->stats.bytes, 4 * 42 + 42);
    rig_free(rig);
}

/* Every frame is given away exactly once: sent, or released to the port it came from. */
static void gives_every_frame_away_once(void **state)
{
    (void)state;
    uint16_t offset = 0;
    const struct classifier classifier = {.classify = classify_by_port, .model = &offset};
    struct rig *rig = rig_new(1024);

    policy_init(&rig->policy, &three_classes);
    rig->policy.action[1] = ACTION_DROP;
    rig->policy.action[2] = ACTION_FORWARD;
    rig->policy.action[SLOT_MALFORMED] = ACTION_DROP;
    rig->pipeline.classifier = &classifier;
    rig->in->most = 0;
    rig->out->capacity = 10; /* of at most 64 at once: many don't fit */
    for (uint16_t i = 0; i < 3000; i++)
        memory_port_add(rig->in, &(struct test_packet){i % 7 == 0   ? 0
                                                       : i % 7 == 1 ? 1
                                                                    : 4,
                                                       PROTOCOL_UDP, 1, 2, 1, i, i});
    assert_int_equal(run(rig, &rig->out->port), -ENODATA);

    uint32_t sent = 0, returned = 0, dropped = 0;
    for (uint32_t i = 0; i < 3000; i++) {
        assert_int_equal(rig->in->given_back[i] + rig->out->sent[i], 1);
        assert_int_equal(rig->in->sent[i] + rig->out->given_back[i], 0);
        sent += rig->out->sent[i];
        returned += rig->in->given_back[i];
        dropped += rig->slot[i] == 1 || rig->slot[i] == SLOT_MALFORMED;
        if (rig->slot[i] == 1 || rig->slot[i] == SLOT_MALFORMED)
            assert_int_equal(rig->out->sent[i], 0);
    }
    for (uint32_t i = 1; i < rig->out->sent_count; i++)
        assert_true(rig->out->sent_order[i] > rig->out->sent_order[i - 1]);
    assert_int_equal(rig->stats.endings[ENDING_FORWARDED], sent);
    assert_int_equal(rig->stats.endings[ENDING_DROPPED], dropped);
    assert_int_equal(rig->stats.endings[ENDING_CONSUMED], 0);
    assert_int_equal(rig->stats.failures[FAILURE_TX_FULL], returned - dropped);
    assert_true(rig->stats.failures[FAILURE_TX_FULL] > 0);
    rig_free(rig);
}

static void takes_a_new_model_between_bursts(void **state)
{
    (void)state;
    uint16_t first_offset = 0, second_offset = 1;
    const struct classifier first = {.classify = classify_by_port, .model = &first_offset};
    const struct classifier second = {.classify = classify_by_port, .model = &second_offset};
    struct rig *rig = rig_new(1024);
    const struct route route = {.in = &rig->in->port, .out = NULL, .stats = &rig->stats};

    policy_init(&rig->policy, &three_classes);
    for (int i = 0; i < 2 * BURST_MAX; i++)
        memory_port_add(rig->in, &(struct test_packet){4, PROTOCOL_UDP, 1, 2, 1, 3, 0});
    rig->pipeline.classifier = &first;
    assert_int_equal(pipeline_run(&rig->pipeline, &route), BURST_MAX);
    rig->pipeline.classifier = &second;
    assert_int_equal(pipeline_run(&rig->pipeline, &route), BURST_MAX);
    for (uint32_t i = 0; i < 2 * BURST_MAX; i++)
        assert_int_equal(rig->slot[i], i < BURST_MAX ? 0 : 1);
    assert_int_equal(rig->stats.flows, 1); /* flow state survives */
    rig_free(rig);
}

static void passes_the_ports_answer_on(void **state)
{
    (void)state;
    struct rig *rig = rig_new(1024);

    rig->in->end = -EIO;
    assert_int_equal(run(rig, NULL), -EIO);
    rig->in->end = 0;
    assert_int_equal(run(rig, NULL), 0);
    rig_free(rig);
}

static uint32_t next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

/* Few hosts and ports, so that flows repeat within a burst; a tiny table, so that it evicts. */
static void feed_random(struct rig *rig, uint32_t seed)
{
    uint32_t random = seed;
    uint64_t now = 1000 * SECOND;

    for (int i = 0; i < MEMORY_PORT_FRAMES; i++) {
        const uint8_t versions[] = {4, 4, 4, 4, 6, 6, 0, 1};
        struct test_packet packet = {
            .version = versions[next_random(&random) % 8],
            .protocol = next_random(&random) % 2 ? PROTOCOL_TCP : PROTOCOL_UDP,
            .source = (uint8_t)(next_random(&random) % 4),
            .destination = (uint8_t)(next_random(&random) % 4),
            .source_port = (uint16_t)(next_random(&random) % 3),
            .destination_port = (uint16_t)(next_random(&random) % 3),
        };

        now += next_random(&random) % 1000000;
        if (next_random(&random) % 256 == 0)
            now += 200 * SECOND;
        packet.time = now - next_random(&random) % 300000;
        memory_port_add(rig->in, &packet);
    }
}

static void a_batch_of_n_equals_n_singles(void **state)
{
    (void)state;
    uint32_t seed = (uint32_t)time(NULL);
    uint16_t offset = 0;
    const struct classifier classifier = {.classify = classify_by_port, .model = &offset};
    const uint32_t most[] = {1, 2, 7, 63, 64, 0}; /* 0: random */

    print_message("seed %u\n", seed);
    struct rig *singles = NULL;
    for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
        struct rig *rig = rig_new(64);

        policy_init(&rig->policy, &three_classes);
        rig->policy.min_confidence = 1;
        rig->policy.action[2] = ACTION_DROP;
        rig->pipeline.classifier = &classifier;
        rig->in->most = most[i];
        rig->in->random = seed;
        feed_random(rig, seed);
        assert_int_equal(run(rig, &rig->out->port), -ENODATA);
        if (!singles) {
            singles = rig;
            assert_true(rig->stats.evictions > 100);
            continue;
        }
        assert_int_equal(rig->seen, singles->seen);
        assert_memory_equal(rig->slot, singles->slot, sizeof(rig->slot));
        assert_memory_equal(rig->features, singles->features, sizeof(rig->features));
        assert_memory_equal(rig->verdicts, singles->verdicts, sizeof(rig->verdicts));
        assert_memory_equal(&rig->stats, &singles->stats, sizeof(rig->stats));
        rig_free(rig);
    }
    rig_free(singles);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_a_flow_in_both_directions),
        cmocka_unit_test(never_lets_time_go_back),
        cmocka_unit_test(counts_equal_endpoints_as_outgoing),
        cmocka_unit_test(tells_ipv6_from_ipv4),
        cmocka_unit_test(evicts_and_counts),
        cmocka_unit_test(puts_each_packet_into_its_slot),
        cmocka_unit_test(gives_every_frame_away_once),
        cmocka_unit_test(takes_a_new_model_between_bursts),
        cmocka_unit_test(passes_the_ports_answer_on),
        cmocka_unit_test(a_batch_of_n_equals_n_singles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
