// SPDX-License-Identifier: BSD-2-Clause
/* The ways that a chunk of packet memory may go, by what a worker or the kernel just did (umem.h,
 * "Who owns a chunk, and when"). */
#ifndef AFXDP_TEST_CHUNK_WAYS_H
#define AFXDP_TEST_CHUNK_WAYS_H

#include <stdint.h>

enum walk_step {
    KERNEL_HOLDS,
    KERNEL_DELIVERS,
    KERNEL_SENDS, /* of its own accord: zero-copy only */
    KERNEL_COMPLETES,
    KERNEL_TURNS_FLAGS,
    WORKER_RECEIVES,
    WORKER_SENDS,
    WORKER_RELEASES,
    WORKER_FLUSHES,
    WALK_STEPS
};

/* Fails the running test unless each chunk is where it was (kernel_sides_find) or went a way that
 * this step on this port may take it. */
void chunk_ways_check(const uint8_t *before, const uint8_t *after, uint32_t chunks,
                      enum walk_step step, uint32_t port);

#endif
