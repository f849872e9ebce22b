// SPDX-License-Identifier: BSD-2-Clause
/* What a worker orders of the thread that shunts: N verdicts of one class in a row, each with
 * enough confidence, begin a shunt; another verdict ends it; a connection's last packet begins
 * none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packet_details.h"
#include "pipeline.h"

enum { BENIGN = 1, ELSE = 2, AFTER = 4, SURE = 900 };

static struct shunter *shunter;
static struct pipeline *pipeline;
static struct flow flow;
static uint8_t header[20];

static const struct policy policy = {.shunt_after = {[BENIGN] = AFTER}, .shunt_confidence = SURE};

static int set_up(void **state)
{
    (void)state;
    pipeline = pipeline_new();
    flow = (struct flow){.packets = 0};
    header[13] = TCP_ACK;
    return pipeline ? shunter_new(&shunter, true) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    shunter_free(shunter);
    free(pipeline);
    return 0;
}

/* The next packet of the flow. */
static void see(uint32_t slot, uint16_t confidence, uint64_t time)
{
    struct burst *burst = &pipeline->burst;

    flow.packets++;
    burst->count = burst->ip_count = 1;
    burst->slot[0] = (uint8_t)slot;
    burst->verdicts[0] = (struct verdict){(uint16_t)slot, confidence};
    burst->hashes[0] = UINT64_C(0x1234567890abcdef);
    burst->keys[0].rest = 7;
    burst->flows[0] = &flow;
    burst->packets[0] = (struct packet){.protocol = PROTOCOL_TCP, .seen = sizeof(header)};
    burst->frames[0] = (struct frame){.data = header, .length = sizeof(header), .time = time};
    shunter_see(shunter, burst, &policy);
}

/* What was ordered: 1 a beginning, 0 an end, -1 nothing. */
static int ordered(void)
{
    struct shunt_order order;

    if (!worker_ring_take(shunter->ring, &order, sizeof(order)))
        return -1;
    assert_int_equal(order.flow.rest, 7);
    return (int)order.begins;
}

static void so_many_in_a_row(void **state)
{
    (void)state;
    for (int i = 0; i < AFTER - 1; i++)
        see(BENIGN, SURE, 0);
    see(BENIGN, SURE - 1, 0); /* not sure enough */
    for (int i = 0; i < AFTER - 1; i++)
        see(BENIGN, SURE, 0);
    see(ELSE, 1000, 0);
    for (int i = 0; i < AFTER - 1; i++)
        see(BENIGN, SURE, 0);
    assert_int_equal(ordered(), -1);
    see(BENIGN, SURE, 0);
    assert_int_equal(ordered(), 1);
    assert_int_equal(ordered(), -1);
}

static void another_verdict_ends_it_once(void **state)
{
    (void)state;
    for (int i = 0; i < AFTER; i++)
        see(BENIGN, SURE, 0);
    assert_int_equal(ordered(), 1);
    see(BENIGN, SURE, 0);
    assert_int_equal(ordered(), -1);
    see(ELSE, 1000, 0);
    assert_int_equal(ordered(), 0);
    see(ELSE, 1000, 0);
    assert_int_equal(ordered(), -1);
    assert_int_equal(shunter->otherwise, 1);
}

static void a_flow_that_begins_anew_counts_anew(void **state)
{
    (void)state;
    for (int i = 0; i < AFTER - 1; i++)
        see(BENIGN, SURE, 0);
    flow.packets = 0;
    see(BENIGN, SURE, 0);
    assert_int_equal(ordered(), -1);
}

static void the_last_packet_begins_none(void **state)
{
    (void)state;
    header[13] = TCP_ACK | TCP_FIN;
    for (int i = 0; i < AFTER; i++)
        see(BENIGN, SURE, 0);
    assert_int_equal(ordered(), -1);
}

/* Those that came in before the flow was in the map. */
static void counts_the_overtaken(void **state)
{
    (void)state;
    for (int i = 0; i < AFTER; i++)
        see(BENIGN, SURE, 10);
    for (uint32_t i = 0; i < SHUNT_RUNS; i++)
        if (shunter->run[i].asked)
            shunter->run[i].begun = 20;
    see(BENIGN, SURE, 19);
    see(BENIGN, SURE, 20);
    assert_int_equal(shunter->overtaken, 1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(so_many_in_a_row),
        TEST(another_verdict_ends_it_once),
        TEST(a_flow_that_begins_anew_counts_anew),
        TEST(the_last_packet_begins_none),
        TEST(counts_the_overtaken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
