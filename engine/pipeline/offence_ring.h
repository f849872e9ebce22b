// SPDX-License-Identifier: BSD-2-Clause
/* Offences on their way from one worker to the thread that blocks: a bounded ring that never
 * blocks. One producer, one consumer; what finds no room is lost, and counted. */
#ifndef AFXDP_OFFENCE_RING_H
#define AFXDP_OFFENCE_RING_H

#include "block_key.h"

enum { OFFENCE_RING_SIZE = 4096 };

/* A packet of a class with a block, from the initiator of its flow. */
struct offence {
    struct block_key source;
    uint64_t time;    /* of the packet, ns */
    uint32_t seconds; /* to be blocked */
    uint32_t zero;
};

struct offence_ring {
    uint64_t written __attribute__((aligned(64))); /* the producer's, and */
    uint64_t read_seen;
    uint64_t lost;
    uint64_t read __attribute__((aligned(64))); /* the consumer's */
    struct offence offence[OFFENCE_RING_SIZE] __attribute__((aligned(64)));
};

static inline void offence_ring_put(struct offence_ring *ring, const struct offence *offence)
{
    if (ring->written - ring->read_seen == OFFENCE_RING_SIZE)
        ring->read_seen = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
    if (ring->written - ring->read_seen == OFFENCE_RING_SIZE) {
        __atomic_store_n(&ring->lost, ring->lost + 1, __ATOMIC_RELAXED);
        return;
    }
    ring->offence[ring->written % OFFENCE_RING_SIZE] = *offence;
    __atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
}

/* Whether there was one. */
static inline bool offence_ring_take(struct offence_ring *ring, struct offence *offence)
{
    uint64_t at = ring->read;

    if (at == __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE))
        return false;
    *offence = ring->offence[at % OFFENCE_RING_SIZE];
    __atomic_store_n(&ring->read, at + 1, __ATOMIC_RELEASE);
    return true;
}

#endif
