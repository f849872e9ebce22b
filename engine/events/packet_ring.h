// SPDX-License-Identifier: BSD-2-Clause
/* Copies of packets on their way from one worker to one writer: a bounded ring of bytes that never
 * blocks. A record lies in one piece; where it would cross the ring's end, the rest is skipped.
 *
 *     worker ── packet_ring_place, packet_ring_publish ──► writer: packet_ring_peek, _next */
#ifndef AFXDP_PACKET_RING_H
#define AFXDP_PACKET_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

enum {
    PACKET_RING_SIZE = 1 << 22, /* bytes: 2,700 packets of 1,500 */
    PACKET_ALIGN = 8,
};

struct packet_record {
    uint32_t size;     /* bytes to the next record */
    uint32_t captured; /* of `data`; PACKET_SKIPPED: nothing is here */
    uint32_t wire_length;
    uint16_t confidence;
    uint8_t slot, action;
    uint16_t interface; /* of a capture; of a wire 0 or 1, which port it came in by */
    uint8_t link;       /* enum link_type */
    bool classified;
    uint64_t time; /* ns */
    uint64_t flow_id;
    uint8_t data[];
};

#define PACKET_SKIPPED UINT32_MAX

struct packet_ring {
    /* the producer's */
    uint64_t written __attribute__((aligned(64)));
    uint64_t filled; /* beyond `written`: not published */
    uint64_t read_seen;
    /* the consumer's */
    uint64_t read __attribute__((aligned(64)));
    uint8_t data[PACKET_RING_SIZE] __attribute__((aligned(64)));
};

ALWAYS_INLINE struct packet_record *packet_ring_at(const struct packet_ring *ring, uint64_t place)
{
    return (struct packet_record *)(uintptr_t)&ring->data[place % PACKET_RING_SIZE];
}

/* Room for a record with that many bytes of data, its sizes set; NULL: there is none. */
ALWAYS_INLINE struct packet_record *packet_ring_place(struct packet_ring *ring, uint32_t captured)
{
    uint64_t size = (offsetof(struct packet_record, data) + captured + PACKET_ALIGN - 1) &
                    ~(uint64_t)(PACKET_ALIGN - 1);
    uint64_t to_end = PACKET_RING_SIZE - ring->filled % PACKET_RING_SIZE;
    uint64_t skipped = size > to_end ? to_end : 0;
    uint64_t needed = ring->filled + skipped + size;

    if (needed - ring->read_seen > PACKET_RING_SIZE)
        ring->read_seen = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
    if (needed - ring->read_seen > PACKET_RING_SIZE)
        return NULL;
    if (skipped) {
        struct packet_record *rest = packet_ring_at(ring, ring->filled);

        rest->size = (uint32_t)skipped;
        rest->captured = PACKET_SKIPPED;
        ring->filled += skipped;
    }
    struct packet_record *record = packet_ring_at(ring, ring->filled);
    record->size = (uint32_t)size;
    record->captured = captured;
    ring->filled += size;
    return record;
}

ALWAYS_INLINE void packet_ring_publish(struct packet_ring *ring)
{
    __atomic_store_n(&ring->written, ring->filled, __ATOMIC_RELEASE);
}

ALWAYS_INLINE void packet_ring_next(struct packet_ring *ring, const struct packet_record *record)
{
    __atomic_store_n(&ring->read, ring->read + record->size, __ATOMIC_RELEASE);
}

/* The oldest record, NULL when there is none. */
ALWAYS_INLINE const struct packet_record *packet_ring_peek(struct packet_ring *ring)
{
    while (__atomic_load_n(&ring->written, __ATOMIC_ACQUIRE) != ring->read) {
        const struct packet_record *record = packet_ring_at(ring, ring->read);

        if (record->captured != PACKET_SKIPPED)
            return record;
        packet_ring_next(ring, record);
    }
    return NULL;
}

#endif
