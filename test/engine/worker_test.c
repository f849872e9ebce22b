// SPDX-License-Identifier: BSD-2-Clause
/* Workers as threads: what they share, how they sleep, end and drain. Under ThreadSanitizer this
 * is the test that counters, policy and stop flag need no lock. */
#include "worker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "flow_trap.h"
#include "memory_port.h"

enum { WORKERS = 3 };

struct crew {
    struct worker *worker;
    struct worker_counters counters;
    struct pipeline *pipeline;
    struct memory_port *port;
    struct stats *stats;
    bool sent_all;
    int wait_status;
    uint32_t waits;
};

static uint64_t milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void pause_1_ms(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    nanosleep(&pause, NULL);
}

static int wait_for_frames(void *context, int timeout_ms)
{
    struct crew *crew = context;

    assert_true(timeout_ms > 0 && timeout_ms <= WORKER_WAIT_MS);
    __atomic_fetch_add(&crew->waits, 1, __ATOMIC_RELAXED);
    pause_1_ms();
    return crew->wait_status;
}

static bool all_sent(void *context)
{
    return ((struct crew *)context)->sent_all;
}

static void crew_begin(struct crew *crew, const struct policy *policy)
{
    const struct flow_table_options flows = {.flows = 4096, .timeout = 120};
    struct error error = {""};

    *crew = (struct crew){.sent_all = true};
    crew->pipeline = pipeline_new();
    crew->stats = aligned_alloc(_Alignof(struct stats), sizeof(*crew->stats));
    crew->port = memory_port_new();
    assert_non_null(crew->pipeline);
    assert_non_null(crew->stats);
    memset(crew->stats, 0, sizeof(*crew->stats));
    assert_int_equal(flow_table_new(&crew->pipeline->table, &flows, &error), 0);
    crew->pipeline->policy = policy;
    crew->port->end = 0; /* none now */
    crew->port->most = 7;
    for (uint32_t i = 0; i < MEMORY_PORT_FRAMES; i++) {
        const struct test_packet packet = {4, 17, 1, 2, (uint16_t)(i % 50), 53, i};

        memory_port_add(crew->port, &packet);
    }
}

static void crew_start(struct crew *crew, uint32_t drain_ms)
{
    const struct worker_options options = {
        .pipeline = crew->pipeline,
        .routes = {{.in = &crew->port->port, .stats = crew->stats}},
        .route_count = 1,
        .ports = {wait_for_frames, all_sent, crew},
        .core = -1,
        .name = "tested",
        .drain_ms = drain_ms,
        .counters = &crew->counters,
    };
    struct error error = {""};

    assert_int_equal(worker_start(&crew->worker, &options, &error), 0);
}

static void crew_end(struct crew *crew)
{
    flow_table_free(crew->pipeline->table);
    free(crew->pipeline);
    free(crew->stats);
    free(crew->port);
}

/* The main thread reads all counters while they are written; they only grow. */
static void counters_are_read_while_workers_run(void **state)
{
    (void)state;
    struct crew crew[WORKERS];
    struct policy policy;
    struct stats total;
    uint64_t before = 0;

    policy_init(&policy, NULL);
    for (int i = 0; i < WORKERS; i++)
        crew_begin(&crew[i], &policy);
    for (int i = 0; i < WORKERS; i++)
        crew_start(&crew[i], 1000);
    for (uint64_t end = milliseconds() + 20000; before < WORKERS * MEMORY_PORT_FRAMES;) {
        memset(&total, 0, sizeof(total));
        for (int i = 0; i < WORKERS; i++)
            stats_add_snapshot(&total, crew[i].stats);
        assert_true(total.packets >= before);
        before = total.packets;
        assert_true(milliseconds() < end);
    }
    for (int i = 0; i < WORKERS; i++) {
        worker_stop(crew[i].worker);
        assert_int_equal(worker_join(crew[i].worker), 0);
        assert_true(stats_add_up(crew[i].stats));
        assert_int_equal(crew[i].stats->packets, MEMORY_PORT_FRAMES);
        assert_int_equal(crew[i].stats->flows, 50);
        assert_int_equal(crew[i].counters.bursts.sum, MEMORY_PORT_FRAMES);
        assert_int_equal(crew[i].counters.bursts.count[3], MEMORY_PORT_FRAMES / 7); /* 5 to 8 */
        for (int frame = 0; frame < MEMORY_PORT_FRAMES; frame++)
            assert_int_equal(crew[i].port->given_back[frame], 1);
        crew_end(&crew[i]);
    }
}

static void an_idle_worker_sleeps_and_still_stops_soon(void **state)
{
    (void)state;
    struct crew crew;
    struct policy policy;

    policy_init(&policy, NULL);
    crew_begin(&crew, &policy);
    crew.port->count = 0;
    crew_start(&crew, 1000);
    while (__atomic_load_n(&crew.counters.sleeps, __ATOMIC_RELAXED) < 5)
        pause_1_ms();
    assert_false(worker_has_ended(crew.worker));
    uint64_t start = milliseconds();
    worker_stop(crew.worker);
    assert_int_equal(worker_join(crew.worker), 0);
    assert_true(milliseconds() - start < 5 * WORKER_WAIT_MS);
    assert_true(crew.waits >= 5);
    assert_int_equal(crew.counters.busy_ns, 0);
    crew_end(&crew);
}

static void a_failing_port_ends_its_worker_with_its_error(void **state)
{
    (void)state;
    struct crew crew[2];
    struct policy policy;

    policy_init(&policy, NULL);
    for (int i = 0; i < 2; i++)
        crew_begin(&crew[i], &policy);
    crew[0].port->end = -ENXIO; /* receive fails */
    crew[1].wait_status = -ENETDOWN;
    for (int i = 0; i < 2; i++) {
        crew_start(&crew[i], 1000);
        while (!worker_has_ended(crew[i].worker))
            pause_1_ms();
        assert_int_equal(worker_join(crew[i].worker), i == 0 ? -ENXIO : -ENETDOWN);
        assert_int_equal(crew[i].stats->packets, MEMORY_PORT_FRAMES);
        crew_end(&crew[i]);
    }
}

static void classify_slowly(const void *model, const uint32_t *features, size_t count,
                            struct verdict *verdicts)
{
    (void)model;
    (void)features;
    memset(verdicts, 0, count * sizeof(*verdicts));
    pause_1_ms();
}

/* Bursts that come one by one are work too, though nothing waits behind them. */
static void a_single_burst_counts_as_busy_time(void **state)
{
    (void)state;
    const struct classifier slow = {.classify = classify_slowly};
    struct crew crew;
    struct policy policy;

    policy_init(&policy, NULL);
    crew_begin(&crew, &policy);
    crew.pipeline->classifier = &slow;
    crew.port->count = 7;
    crew_start(&crew, 1000);
    while (__atomic_load_n(&crew.counters.sleeps, __ATOMIC_RELAXED) < 5)
        pause_1_ms();
    worker_stop(crew.worker);
    assert_int_equal(worker_join(crew.worker), 0);
    assert_int_equal(crew.stats->packets, 7);
    assert_true(crew.counters.busy_ns >= 1000000);
    crew_end(&crew);
}

static uint64_t shares_of(const struct crew *crew)
{
    uint64_t count = 0;

    for (int i = 0; i < WORKER_SHARES; i++)
        count += __atomic_load_n(&crew->counters.shares[i], __ATOMIC_RELAXED);
    return count;
}

/* A worker that is never idle says so while it works, and one that always is, too. */
static void the_busy_share_is_taken_all_the_time(void **state)
{
    (void)state;
    const struct classifier slow = {.classify = classify_slowly};
    struct crew busy, idle;
    struct policy policy;

    policy_init(&policy, NULL);
    crew_begin(&busy, &policy);
    crew_begin(&idle, &policy);
    busy.pipeline->classifier = &slow;
    busy.port->most = 1;
    idle.port->count = 0;
    crew_start(&busy, 1000);
    crew_start(&idle, 1000);
    while (shares_of(&busy) < 2 || shares_of(&idle) < 2)
        pause_1_ms();
    uint64_t ns = __atomic_load_n(&busy.counters.busy_ns, __ATOMIC_RELAXED);
    assert_in_range(ns, UINT64_C(150) * 1000000, UINT64_C(60) * 1000000000);
    worker_stop(busy.worker);
    worker_stop(idle.worker);
    assert_int_equal(worker_join(busy.worker) + worker_join(idle.worker), 0);
    assert_true(busy.counters.shares[WORKER_SHARES - 1] >= 1);
    assert_int_equal(idle.counters.shares[0], shares_of(&idle));
    assert_int_equal(idle.counters.shares_sum, 0);
    assert_true(busy.counters.shares_sum > 1800000);
    crew_end(&busy);
    crew_end(&idle);
}

/* What can't be sent doesn't hold a stop up for longer than was agreed. */
static void draining_is_bounded(void **state)
{
    (void)state;
    struct crew crew;
    struct policy policy;

    policy_init(&policy, NULL);
    crew_begin(&crew, &policy);
    crew.sent_all = false;
    crew_start(&crew, 60);
    uint64_t start = milliseconds();
    worker_stop(crew.worker);
    assert_int_equal(worker_join(crew.worker), 0);
    assert_in_range(milliseconds() - start, 55, 5000);
    assert_int_equal(crew.stats->packets, MEMORY_PORT_FRAMES); /* what came in was finished */
    crew_end(&crew);
}

static struct flow_key key_of(const struct frame *frame)
{
    struct packet packet;
    struct flow_key key;

    assert_int_equal(packet_parse_ethernet(frame->data, frame->data + frame->length,
                                           frame->wire_length, &packet),
                     PACKET_IP);
    (void)flow_key_of(&packet, &key);
    return key;
}

/* A guest looks as long as it is wanted, beside those who are there from the start. */
static void a_guest_comes_and_goes(void **state)
{
    (void)state;
    const struct classifier slow = {.classify = classify_slowly};
    struct flow_trap trap, none;
    struct policy policy;
    struct crew crew;

    policy_init(&policy, NULL);
    crew_begin(&crew, &policy);
    crew.pipeline->classifier = &slow;
    const struct flow_key key = key_of(&crew.port->frames[7]); /* whose source port is 7 */
    flow_trap_set(&trap, &key);
    flow_trap_set(&none, &(struct flow_key){.rest = 1});
    crew_start(&crew, 1000);
    assert_true(worker_has_guest(crew.worker, NULL));
    worker_set_guest(crew.worker, &none.observer);
    while (!worker_has_guest(crew.worker, &none.observer))
        pause_1_ms();
    worker_set_guest(crew.worker, &trap.observer);
    while (!flow_trap_has_caught(&trap))
        pause_1_ms();
    worker_set_guest(crew.worker, NULL);
    while (!worker_has_guest(crew.worker, NULL))
        pause_1_ms();
    worker_stop(crew.worker);
    assert_int_equal(worker_join(crew.worker), 0);
    assert_null(crew.pipeline->observer);
    assert_false(flow_trap_has_caught(&none));
    assert_int_equal(trap.features[FEATURE_SPORT], 7);
    assert_int_equal(trap.features[FEATURE_DPORT], 53);
    assert_int_equal(trap.slot, 0);
    assert_in_range(trap.packets, 1, MEMORY_PORT_FRAMES / 50 + 1);
    crew_end(&crew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_read_while_workers_run),
        cmocka_unit_test(an_idle_worker_sleeps_and_still_stops_soon),
        cmocka_unit_test(a_failing_port_ends_its_worker_with_its_error),
        cmocka_unit_test(a_single_burst_counts_as_busy_time),
        cmocka_unit_test(the_busy_share_is_taken_all_the_time),
        cmocka_unit_test(draining_is_bounded),
        cmocka_unit_test(a_guest_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
