// SPDX-License-Identifier: BSD-2-Clause
/* When a port wakes the kernel, and when it doesn't: over rings in plain memory. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "port_bench.h"

/* Ready to be kicked: `count` frames in the TX ring of port 1. */
static struct kernel_side *unsent(struct port_bench *bench, uint32_t count)
{
    bench_fill_rx(bench, count);
    assert_int_equal(bench_receive(bench, 0), count);
    assert_int_equal(bench_send(bench, 1, 0, count), count);
    bench->side[1].tx.flags = XDP_RING_NEED_WAKEUP;
    bench->side[1].prompt = true;
    return &bench->side[1];
}

static void test_kick_in_copy_mode(void **state)
{
    struct port_bench *bench = *state;
    struct kernel_side *side = unsent(bench, 6);

    side->tx.flags = 0; /* not wanted */
    xsk_port_kick(&side->port);
    assert_int_equal(side->calls, 0);
    side->tx.flags = XDP_RING_NEED_WAKEUP;
    side->takes = 2;
    xsk_port_kick(&side->port);
    assert_int_equal(side->calls, 3); /* until all is sent */
    assert_false(xsk_port_unsent(&side->port));
    xsk_port_kick(&side->port);
    assert_int_equal(side->calls, 3); /* nothing to send */
    assert_int_equal(side->port.counters.wakeups, 3);
}

/* What goes away by itself is tried again, a bounded number of times; what doesn't, once. */
static void test_kick_refused(void **state)
{
    static const struct {
        int refusal;
        uint32_t calls;
    } cases[] = {{EAGAIN, 8}, {EBUSY, 8}, {ENOBUFS, 8}, {ENETDOWN, 1}, {ENXIO, 1}};
    struct port_bench *bench = *state;
    struct kernel_side *side = unsent(bench, 1);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        side->refusal = cases[i].refusal;
        side->calls = 0;
        xsk_port_kick(&side->port);
        assert_int_equal(side->calls, cases[i].calls);
        assert_true(xsk_port_unsent(&side->port));
    }
    side->refusal = 0;
    bench_flush(bench, 1); /* and goes with the next flush */
    assert_false(xsk_port_unsent(&side->port));
}

/* With a full completion ring the kernel takes nothing: each kick empties it for the next. */
static void test_kick_makes_room_for_completions(void **state)
{
    struct port_bench *bench = *state;
    struct kernel_side *side = unsent(bench, BENCH_RING);

    assert_int_equal(kernel_side_transmit(side, BENCH_RING), BENCH_RING);
    bench_fill_rx(bench, BENCH_RING);
    assert_int_equal(bench_receive(bench, 0), BENCH_RING);
    assert_int_equal(bench_send(bench, 1, 0, BENCH_RING), BENCH_RING);
    while (side->leaving_count > 0)
        kernel_side_complete(side, 0);
    assert_int_equal(kernel_ring_filled(&side->completion), BENCH_RING);
    xsk_port_kick(&side->port);
    assert_false(xsk_port_unsent(&side->port));
    assert_int_equal(side->calls, 2);
}

/* The NIC sends by itself; it is woken, once a flush, while it asks for it and has anything. */
static void test_kick_with_zero_copy(void **state)
{
    struct port_bench *bench = *state;
    struct kernel_side *side = unsent(bench, 4);

    side->port.zero_copy = true;
    side->takes = 1;
    xsk_port_kick(&side->port);
    assert_int_equal(side->calls, 1);
    side->tx.flags = 0;
    xsk_port_kick(&side->port);
    assert_int_equal(side->calls, 1);
    side->prompt = false;
    assert_int_equal(kernel_side_transmit(side, BENCH_RING), 3);
    side->tx.flags = XDP_RING_NEED_WAKEUP; /* all is taken, not all is completed */
    xsk_port_kick(&side->port);
    assert_int_equal(side->calls, 2);
    while (side->leaving_count > 0)
        kernel_side_complete(side, 0);
    xsk_port_reclaim(&side->port);
    xsk_port_kick(&side->port);
    assert_int_equal(side->calls, 2); /* nothing is on its way any more */
    assert_int_equal(side->port.in_flight, 0);
}

static void test_receiver_is_woken_when_it_asks(void **state)
{
    struct port_bench *bench = *state;
    struct kernel_side *side = &bench->side[0];

    assert_int_equal(bench_receive(bench, 0), 0);
    assert_int_equal(side->calls, 0);
    side->fill.flags = XDP_RING_NEED_WAKEUP;
    assert_int_equal(bench_receive(bench, 0), 0);
    assert_int_equal(side->calls, 1);
    side->fill.flags = 0;
    side->port.busy_poll = true; /* the call is what polls */
    assert_int_equal(bench_receive(bench, 0), 0);
    assert_int_equal(side->calls, 2);
    assert_int_equal(side->port.counters.wakeups, 2);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, port_bench_open, port_bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_kick_in_copy_mode),
        CASE(test_kick_refused),
        CASE(test_kick_makes_room_for_completions),
        CASE(test_kick_with_zero_copy),
        CASE(test_receiver_is_woken_when_it_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
