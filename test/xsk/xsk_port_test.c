// SPDX-License-Identifier: BSD-2-Clause
/* A port over rings in plain memory: what it does at the edges, one case at a time. What it does in
 * between is xsk_walk_test.c's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "port_bench.h"

/* Every position passes the end of 32 bits, in steps of every size. */
static void test_positions_wrap_around(void **state)
{
    struct port_bench *bench = *state;
    const struct xsk_sizes sizes = {BENCH_RING, BENCH_RING, BENCH_RING, BENCH_RING};
    uint8_t places[KERNEL_CHUNKS_MOST];

    for (uint32_t burst = 1; burst <= BENCH_RING; burst++) {
        umem_reset(&bench->umem);
        for (uint32_t i = 0; i < KERNEL_SIDES; i++)
            kernel_side_open(&bench->side[i], i, &bench->umem, &sizes, UINT32_MAX - 20);
        for (uint32_t round = 0; round < 10 * BENCH_RING; round++) {
            uint64_t first = bench->name + 1;

            bench_fill_rx(bench, burst);
            assert_int_equal(bench_receive(bench, 0), burst);
            for (uint32_t i = 0; i < burst; i++)
                kernel_buffer_check(bench->frames[i].data, first + i, 0);
            kernel_sides_find(bench->side, 2, bench->frames, burst, places);
            assert_int_equal(bench_send(bench, 1, 0, burst), burst);
            assert_int_equal(kernel_side_transmit(&bench->side[1], BENCH_RING), burst);
            for (uint32_t i = 0; i < burst; i++)
                kernel_side_complete(&bench->side[1], 0);
            xsk_port_reclaim(&bench->side[1].port);
            assert_int_equal(bench->side[1].port.in_flight, 0);
            kernel_sides_find(bench->side, 2, NULL, 0, places);
        }
        assert_true(bench->side[0].rx.consumer < UINT32_MAX / 2);
        assert_true(bench->side[1].completion.consumer < UINT32_MAX / 2);
    }
}

static void test_half_a_packet_waits_for_the_rest(void **state)
{
    struct port_bench *bench = *state;
    struct kernel_side *side = &bench->side[0];

    bench_fill_rx(bench, 1);
    uint64_t name = bench_arrive_buffers(bench, 3, BENCH_LENGTH, false);
    assert_int_equal(kernel_side_deliver(side, 2), 2);
    assert_int_equal(bench_receive(bench, 0), 1); /* the whole one before it comes alone */
    kernel_buffer_check(bench->frames[0].data, name - 1, 0);
    bench_release(bench, 0, 1);
    assert_int_equal(bench_receive(bench, 0), 0);
    assert_int_equal(kernel_ring_filled(&side->rx), 2);
    assert_int_equal(side->port.counters.received, 1);
    assert_int_equal(kernel_side_deliver(side, 1), 1);
    assert_int_equal(bench_receive(bench, 0), 1);
    const struct frame *frame = &bench->frames[0];
    assert_int_equal(frame->buffers, 2);
    assert_int_equal(frame->length, BENCH_LENGTH);
    assert_int_equal(frame->wire_length, 3 * BENCH_LENGTH);
    kernel_buffer_check(frame->data, name, 0);
    uint32_t free_before = bench->umem.free_count;
    bench_release(bench, 0, 1);
    assert_int_equal(bench->umem.free_count, free_before + 3);
}

/* A packet of more buffers than there is room for stays whole with the caller. */
static void test_a_long_packet_is_sent_whole_or_not(void **state)
{
    struct port_bench *bench = *state;

    bench_fill_rx(bench, 4);
    bench_arrive_buffers(bench, 3, BENCH_LENGTH, false);
    assert_int_equal(kernel_side_deliver(&bench->side[0], 3), 3);
    assert_int_equal(bench_receive(bench, 0), 5);
    assert_int_equal(bench_send(bench, 1, 0, 4), 4);
    bench_fill_rx(bench, 2);
    struct frame longer = bench->frames[4];
    assert_int_equal(bench_receive(bench, 0), 2);
    assert_int_equal(bench_send(bench, 1, 0, 2), 2);
    bench->frames[0] = longer;
    assert_int_equal(bench_send(bench, 1, 0, 1), 0); /* 6 of 8 are taken */
    assert_int_equal(kernel_ring_filled(&bench->side[1].tx), 6);
    kernel_side_transmit(&bench->side[1], 1);
    assert_int_equal(bench_send(bench, 1, 0, 1), 1);
    assert_int_equal(kernel_ring_filled(&bench->side[1].tx), BENCH_RING);
}

static void test_full_tx_ring_takes_what_fits(void **state)
{
    struct port_bench *bench = *state;

    bench_fill_rx(bench, BENCH_RING);
    assert_int_equal(bench_receive(bench, 0), BENCH_RING);
    assert_int_equal(bench_send(bench, 1, 0, 5), 5);
    assert_int_equal(bench_send(bench, 1, 0, 0), 0);
    assert_int_equal(bench_send(bench, 1, 5, 3), 3);
    bench_fill_rx(bench, 2);
    assert_int_equal(bench_receive(bench, 0), 2);
    assert_int_equal(bench_send(bench, 1, 0, 2), 0);
    assert_int_equal(bench->side[1].port.counters.sent, BENCH_RING);
    assert_int_equal(bench->side[1].port.in_flight, BENCH_RING);
    /* a full completion ring holds the kernel up until it is read */
    assert_int_equal(kernel_side_transmit(&bench->side[1], BENCH_RING), BENCH_RING);
    for (uint32_t i = 0; i < BENCH_RING; i++)
        kernel_side_complete(&bench->side[1], 0);
    assert_int_equal(bench_send(bench, 1, 0, 2), 2); /* sending reads it */
    assert_int_equal(kernel_ring_filled(&bench->side[1].completion), 0);
    assert_int_equal(kernel_side_transmit(&bench->side[1], BENCH_RING), 2);
}

static void test_empty_stack_and_full_fill_ring(void **state)
{
    struct port_bench *bench = *state;
    struct kernel_side *side = &bench->side[0];
    uint64_t taken[BENCH_FRAMES];
    uint32_t count = 0;

    xsk_port_refill(&side->port);
    assert_int_equal(kernel_ring_filled(&side->fill), BENCH_RING);
    xsk_port_refill(&side->port); /* full: nothing more */
    assert_int_equal(kernel_ring_filled(&side->fill), BENCH_RING);
    assert_int_equal(bench->umem.free_count, BENCH_FRAMES - BENCH_RING);
    kernel_side_hold(side, 1); /* less than a quarter is left for the next time */
    xsk_port_refill(&side->port);
    assert_int_equal(kernel_ring_filled(&side->fill), BENCH_RING - 1);
    kernel_side_hold(side, BENCH_RING);
    while (bench->umem.free_count > 0)
        taken[count++] = umem_get(&bench->umem);
    xsk_port_refill(&side->port);
    assert_int_equal(kernel_ring_filled(&side->fill), 0);
    for (uint32_t i = 0; i < 3; i++) /* fewer than there is room for */
        umem_put(&bench->umem, taken[i]);
    xsk_port_refill(&side->port);
    assert_int_equal(kernel_ring_filled(&side->fill), 3);
    assert_int_equal(bench->umem.free_count, 0);
    assert_int_equal(bench_receive(bench, 0), 0); /* nothing came */
    assert_int_equal(side->port.counters.received, 0);
}

/* The next packet goes into the chunk that this address lies in. */
static void receive_into(struct kernel_side *side, uint64_t address)
{
    memmove(side->held + 1, side->held, side->held_count++ * sizeof(side->held[0]));
    side->held[0] = umem_chunk(side->port.umem, address);
}

/* Each stamp is used once: the next packet in the chunk, without one of its own, isn't given it. */
static void test_stamps_are_taken_and_cleared(void **state)
{
    struct port_bench *bench = *state;
    struct xsk_port *p = &bench->side[0].port;

    p->stamped = true;
    xsk_port_refill(p);
    for (uint32_t round = 0; round < 3; round++) {
        uint64_t name = bench_arrive_buffers(bench, 1, BENCH_LENGTH, round == 0);

        assert_int_equal(kernel_side_deliver(&bench->side[0], 1), 1);
        assert_int_equal(bench_receive(bench, 0), 1);
        uint64_t time = bench->frames[0].time;
        if (round == 0)
            assert_int_equal(time, 1000 + name);
        else
            assert_true(time > 0 && time != 1001);
        assert_int_equal(p->counters.unstamped, round);
        receive_into(&bench->side[0], bench->frames[0].handle);
    }
    p->nic_clock = true; /* the last stamp, rather than another clock */
    bench_arrive(bench);
    assert_int_equal(bench_receive(bench, 0), 1);
    assert_int_equal(bench->frames[0].time, 1001);
    assert_int_equal(p->counters.unstamped, 3);
}

static void test_one_clock_for_a_burst(void **state)
{
    struct port_bench *bench = *state;

    bench_fill_rx(bench, 4);
    assert_int_equal(bench_receive(bench, 0), 4);
    for (uint32_t i = 1; i < 4; i++)
        assert_int_equal(bench->frames[i].time, bench->frames[0].time);
    assert_true(bench->frames[0].time > 0);
    assert_int_equal(bench->side[0].port.counters.unstamped, 0); /* none was promised */
}

static void test_trailing_time(void **state)
{
    struct port_bench *bench = *state;
    const uint64_t time = 77777;

    bench->side[0].port.trailer_time = true;
    bench_fill_rx(bench, 1);
    bench_arrive_buffers(bench, 1, 7, false); /* too short for one */
    kernel_side_deliver(&bench->side[0], 1);
    bench_arrive_buffers(bench, 2, BENCH_LENGTH, false); /* its end isn't where its begin is */
    kernel_side_deliver(&bench->side[0], 2);
    uint8_t *first = bench->umem.memory + bench->side[0].rx.descriptors[0].addr;
    memcpy(first + BENCH_LENGTH - sizeof(time), &time, sizeof(time));
    assert_int_equal(bench_receive(bench, 0), 3);
    assert_int_equal(bench->frames[0].length, BENCH_LENGTH - sizeof(time));
    assert_int_equal(bench->frames[0].wire_length, BENCH_LENGTH - sizeof(time));
    assert_int_equal(bench->frames[0].time, time);
    assert_int_equal(bench->frames[1].length, 7);
    assert_int_equal(bench->frames[2].length, BENCH_LENGTH);
    assert_int_equal(bench->frames[2].wire_length, 2 * BENCH_LENGTH);
}

static void test_hairpin_swaps_addresses(void **state)
{
    struct port_bench *bench = *state;
    const uint8_t swapped[] = {6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5};

    bench->side[0].port.swap_addresses = true;
    bench_fill_rx(bench, 1);
    for (uint32_t length = 11; length <= 12; length++) {
        bench_arrive_buffers(bench, 1, length, false);
        kernel_side_deliver(&bench->side[0], 1);
    }
    assert_int_equal(bench_receive(bench, 0), 3);
    assert_int_equal(bench_send(bench, 0, 0, 3), 3);
    assert_memory_equal(bench->frames[0].data, swapped, 12);
    assert_int_equal(bench->frames[1].data[0], 0); /* a runt has no two addresses */
    assert_memory_equal(bench->frames[2].data, swapped, 12);
    bench->side[1].port.swap_addresses = false;
    bench_fill_rx(bench, 1);
    assert_int_equal(bench_receive(bench, 0), 1);
    assert_int_equal(bench_send(bench, 1, 0, 1), 1);
    assert_int_equal(bench->frames[0].data[0], 0);
}

/* What was sent comes back as frames to receive into, also while nothing is sent. */
static void test_receiving_takes_completions_back(void **state)
{
    struct port_bench *bench = *state;
    struct kernel_side *side = &bench->side[0];

    bench_fill_rx(bench, BENCH_RING);
    assert_int_equal(bench_receive(bench, 0), BENCH_RING);
    assert_int_equal(bench_send(bench, 0, 0, BENCH_RING), BENCH_RING);
    assert_int_equal(kernel_side_transmit(side, BENCH_RING), BENCH_RING);
    while (side->leaving_count > 0)
        kernel_side_complete(side, 0);
    assert_int_equal(bench_receive(bench, 0), 0);
    assert_int_equal(side->port.in_flight, 0);
    assert_int_equal(bench->umem.free_count,
                     BENCH_FRAMES - BENCH_RING); /* the rest is in the fill ring */
}

/* A burst takes from the fill ring all it holds: it is full again before the next one. */
static void test_flush_refills(void **state)
{
    struct port_bench *bench = *state;

    bench_fill_rx(bench, 1);
    kernel_side_hold(&bench->side[0], BENCH_RING);
    assert_int_equal(kernel_ring_filled(&bench->side[0].fill), 0);
    bench_flush(bench, 0);
    assert_int_equal(kernel_ring_filled(&bench->side[0].fill), BENCH_RING);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, port_bench_open, port_bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_positions_wrap_around),
        CASE(test_half_a_packet_waits_for_the_rest),
        CASE(test_a_long_packet_is_sent_whole_or_not),
        CASE(test_full_tx_ring_takes_what_fits),
        CASE(test_empty_stack_and_full_fill_ring),
        CASE(test_stamps_are_taken_and_cleared),
        CASE(test_one_clock_for_a_burst),
        CASE(test_trailing_time),
        CASE(test_hairpin_swaps_addresses),
        CASE(test_receiving_takes_completions_back),
        CASE(test_flush_refills),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
