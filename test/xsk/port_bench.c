// SPDX-License-Identifier: BSD-2-Clause
#include "port_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

int port_bench_open(void **state)
{
    static struct port_bench bench;
    const struct xsk_sizes sizes = {BENCH_RING, BENCH_RING, BENCH_RING, BENCH_RING};

    memset(&bench, 0, sizeof(bench));
    assert_int_equal(umem_map(&bench.umem, BENCH_FRAMES, UMEM_FRAME_SIZE_LEAST, -1, true, NULL), 0);
    for (uint32_t i = 0; i < KERNEL_SIDES; i++)
        kernel_side_open(&bench.side[i], i, &bench.umem, &sizes, 0);
    *state = &bench;
    return 0;
}

int port_bench_close(void **state)
{
    struct port_bench *bench = *state;

    umem_unmap(&bench->umem);
    return 0;
}

uint32_t bench_receive(struct port_bench *bench, uint32_t which)
{
    struct xsk_port *p = &bench->side[which].port;
    int taken = p->port.operations->receive(&p->port, bench->frames, BURST_MAX);

    assert_true(taken >= 0);
    return (uint32_t)taken;
}

uint32_t bench_send(struct port_bench *bench, uint32_t which, uint32_t first, uint32_t count)
{
    struct port *p = &bench->side[which].port.port;

    return p->operations->send(p, bench->frames + first, count);
}

void bench_release(struct port_bench *bench, uint32_t first, uint32_t count)
{
    struct port *p = &bench->side[0].port.port;

    p->operations->release(p, bench->frames + first, count);
}

void bench_flush(struct port_bench *bench, uint32_t which)
{
    struct port *p = &bench->side[which].port.port;

    p->operations->flush(p);
}

uint64_t bench_arrive_buffers(struct port_bench *bench, uint32_t buffers, uint32_t length,
                              bool stamped)
{
    struct kernel_packet packet = {
        .name = ++bench->name, .buffers = buffers, .stamped = stamped, .time = 1000 + bench->name};

    for (uint32_t i = 0; i < buffers; i++)
        packet.length[i] = length;
    kernel_side_hold(&bench->side[0], BENCH_RING);
    assert_true(kernel_side_arrive(&bench->side[0], &packet));
    return packet.name;
}

uint64_t bench_arrive(struct port_bench *bench)
{
    uint64_t name = bench_arrive_buffers(bench, 1, BENCH_LENGTH, false);

    assert_int_equal(kernel_side_deliver(&bench->side[0], 1), 1);
    return name;
}

void bench_fill_rx(struct port_bench *bench, uint32_t count)
{
    xsk_port_refill(&bench->side[0].port);
    for (uint32_t i = 0; i < count; i++)
        bench_arrive(bench);
}
