// SPDX-License-Identifier: BSD-2-Clause
/* Verdicts on their way from one worker to one writer: a bounded ring that never blocks.
 *
 * The producer fills records and publishes them as a whole burst; where there is no room they are
 * left out and counted. Each side reads the other's position only when its own copy says that there
 * is no room, or nothing. */
#ifndef AFXDP_VERDICT_RING_H
#define AFXDP_VERDICT_RING_H

#include "verdict_row.h"

enum { VERDICT_RING_SIZE = 1 << 16 }; /* records: a millisecond's at line rate, 4 MiB */

struct verdict_ring {
    /* the producer's */
    uint64_t written __attribute__((aligned(64)));
    uint64_t read_seen;
    uint64_t lost; /* records that found no room; written by the producer alone */
    /* the consumer's */
    uint64_t read __attribute__((aligned(64)));
    struct verdict_record record[VERDICT_RING_SIZE] __attribute__((aligned(64)));
};

/* The place for the next record, the `pending`-th since the last publish; NULL without room. */
static inline struct verdict_record *verdict_ring_place(struct verdict_ring *ring, uint64_t pending)
{
    uint64_t at = ring->written + pending;

    if (at - ring->read_seen >= VERDICT_RING_SIZE)
        ring->read_seen = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
    if (at - ring->read_seen >= VERDICT_RING_SIZE)
        return NULL;
    return &ring->record[at % VERDICT_RING_SIZE];
}

static inline void verdict_ring_publish(struct verdict_ring *ring, uint64_t pending)
{
    __atomic_store_n(&ring->written, ring->written + pending, __ATOMIC_RELEASE);
}

static inline void verdict_ring_count_lost(struct verdict_ring *ring, uint64_t records)
{
    __atomic_store_n(&ring->lost, ring->lost + records, __ATOMIC_RELAXED);
}

/* The oldest record, NULL when there is none; the consumer gives it back with verdict_ring_next. */
static inline const struct verdict_record *verdict_ring_peek(const struct verdict_ring *ring)
{
    if (__atomic_load_n(&ring->written, __ATOMIC_ACQUIRE) == ring->read)
        return NULL;
    return &ring->record[ring->read % VERDICT_RING_SIZE];
}

static inline void verdict_ring_next(struct verdict_ring *ring)
{
    __atomic_store_n(&ring->read, ring->read + 1, __ATOMIC_RELEASE);
}

#endif
