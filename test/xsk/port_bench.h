// SPDX-License-Identifier: BSD-2-Clause
/* Two ports that share a memory, both with the kernel's side of their rings in the test's hands.
 * What can't fail asserts that it didn't. */
#ifndef AFXDP_TEST_PORT_BENCH_H
#define AFXDP_TEST_PORT_BENCH_H

#include "kernel_side.h"

enum {
    BENCH_FRAMES = 256,
    BENCH_RING = 8,     /* entries of each ring */
    BENCH_LENGTH = 100, /* of a frame, unless a test says otherwise */
};

struct port_bench {
    struct umem umem;
    struct kernel_side side[KERNEL_SIDES];
    struct frame frames[BURST_MAX]; /* last received */
    uint64_t name;                  /* of the last packet that came in */
};

/* A test's set-up and tear-down; *state is its bench. */
int port_bench_open(void **state);
int port_bench_close(void **state);

/* The port's operations on `frames`. */
uint32_t bench_receive(struct port_bench *bench, uint32_t which);
uint32_t bench_send(struct port_bench *bench, uint32_t which, uint32_t first, uint32_t count);
void bench_release(struct port_bench *bench, uint32_t first, uint32_t count);
void bench_flush(struct port_bench *bench, uint32_t which);

/* A packet of so many buffers of one length comes in at port 0, its time 1,000 more than its name;
 * yet to be delivered. Returns its name. */
uint64_t bench_arrive_buffers(struct port_bench *bench, uint32_t buffers, uint32_t length,
                              bool stamped);

/* An ordinary one, delivered. */
uint64_t bench_arrive(struct port_bench *bench);

/* Refills port 0 and delivers `count` ordinary packets to it. */
void bench_fill_rx(struct port_bench *bench, uint32_t count);

#endif
