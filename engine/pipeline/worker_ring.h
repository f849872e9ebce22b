// SPDX-License-Identifier: BSD-2-Clause
/* What a worker tells a thread that makes system calls for it: a bounded ring that never blocks.
 * One producer, one consumer; what finds no room is lost, and counted. */
#ifndef AFXDP_WORKER_RING_H
#define AFXDP_WORKER_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WORKER_RING_SIZE = 4096, WORKER_RING_ITEM = 64 };

struct worker_ring {
    uint64_t written __attribute__((aligned(64))); /* the producer's, and */
    uint64_t read_seen;
    uint64_t lost;
    uint64_t read __attribute__((aligned(64))); /* the consumer's */
    uint8_t item[WORKER_RING_SIZE][WORKER_RING_ITEM] __attribute__((aligned(64)));
};

/* An empty one; free() it. -ENOMEM. */
int worker_ring_new(struct worker_ring **out);

/* `size`: of the item, a constant; always the same of a ring, at most WORKER_RING_ITEM. */
static inline void worker_ring_put(struct worker_ring *ring, const void *item, size_t size)
{
    if (ring->written - ring->read_seen == WORKER_RING_SIZE)
        ring->read_seen = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
    if (ring->written - ring->read_seen == WORKER_RING_SIZE) {
        __atomic_store_n(&ring->lost, ring->lost + 1, __ATOMIC_RELAXED);
        return;
    }
    memcpy(ring->item[ring->written % WORKER_RING_SIZE], item, size);
    __atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
}

/* Whether there was one. */
static inline bool worker_ring_take(struct worker_ring *ring, void *item, size_t size)
{
    uint64_t at = ring->read;

    if (at == __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE))
        return false;
    memcpy(item, ring->item[at % WORKER_RING_SIZE], size);
    __atomic_store_n(&ring->read, at + 1, __ATOMIC_RELEASE);
    return true;
}

#endif
