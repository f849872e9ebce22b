// SPDX-License-Identifier: BSD-2-Clause
/* What a worker tells of flows, and the ring on which it goes to the writer: one producer, one
 * consumer, bounded. A record that finds no room is left out and counted, nobody waits.
 *
 *     worker ── eve_ring_place, eve_ring_publish ──► writer: eve_ring_peek, eve_ring_next */
#ifndef AFXDP_EVE_RECORD_H
#define AFXDP_EVE_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "counters.h"
#include "flow.h"

enum { EVE_RING_SIZE = 1 << 14 /* records: a burst of evictions 256 times over */ };

enum eve_kind {
    EVE_VERDICT, /* a flow's packet fell into another slot than the one before; the first: slot 0 */
    EVE_FLOW,    /* a flow's place was given away, or the run ended */
    EVE_HOST,    /* a host is at a threshold or above it, see eve_watch.h */
    EVE_KINDS
};

/* Why a flow is told of; TCP's own end, where that was seen, comes first. */
enum eve_reason {
    EVE_TIMEOUT,
    EVE_EVICTED,
    EVE_SHUTDOWN,
    EVE_RST,
    EVE_FIN, /* of both sides */
};

/* A flow as events tell it: what the table doesn't keep. Directions: to server, to client. */
struct eve_flow {
    struct flow_key key;  /* version 0: none */
    uint64_t start, last; /* ns */
    uint16_t vlan[2];     /* of the first packet; 0: no tag */
    uint16_t icmp;        /* type << 8 | code of the first packet */
    uint8_t slot;         /* of the last packet */
    bool initiator_is_low;
    uint64_t packets[2];
    uint64_t bytes[2]; /* on the wire */
    uint16_t queue;    /* of the last packet */
    uint8_t flags[2];  /* all of TCP's seen */
    /* Packets by slot, as many as the policy has classes, then unsure, each up to 2^32 - 1: behind
     * the struct, so that with six classes a flow is two cache lines. */
    uint32_t slots[];
};

/* Of EVE_HOST: in a window of time a host of the flow was there for the first time, as far as this
 * worker knows; without a feature, that the window has begun. */
struct eve_host {
    uint32_t value;
    uint32_t window;
    uint8_t feature; /* from HOST_FEATURE_FIRST on; HOST_FEATURES: none */
    bool ended;      /* the writer's: it is there no more, */
    uint64_t since;  /* and has been since then, ns */
};

struct eve_record {
    uint64_t time; /* ns */
    uint8_t kind, reason;
    uint8_t slot, previous, action;
    uint16_t confidence;
    struct eve_host host;
    struct eve_flow flow; /* ends the record: its slots follow */
};

struct eve_ring {
    uint64_t written __attribute__((aligned(64))); /* the producer's */
    uint64_t read_seen;
    uint64_t stride;
    uint64_t read __attribute__((aligned(64))); /* the consumer's */
    uint8_t data[] __attribute__((aligned(64)));
};

ALWAYS_INLINE struct eve_record *eve_ring_place(struct eve_ring *ring)
{
    if (ring->written - ring->read_seen >= EVE_RING_SIZE)
        ring->read_seen = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
    if (ring->written - ring->read_seen >= EVE_RING_SIZE)
        return NULL;
    return (struct eve_record *)(void *)&ring->data[ring->written % EVE_RING_SIZE * ring->stride];
}

/* The producer's: how many records there is room for. */
ALWAYS_INLINE uint64_t eve_ring_room(struct eve_ring *ring)
{
    ring->read_seen = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
    return EVE_RING_SIZE - (ring->written - ring->read_seen);
}

ALWAYS_INLINE void eve_ring_publish(struct eve_ring *ring)
{
    __atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
}

ALWAYS_INLINE const struct eve_record *eve_ring_peek(const struct eve_ring *ring)
{
    if (__atomic_load_n(&ring->written, __ATOMIC_ACQUIRE) == ring->read)
        return NULL;
    return (const struct eve_record *)(const void *)&ring
        ->data[ring->read % EVE_RING_SIZE * ring->stride];
}

ALWAYS_INLINE void eve_ring_next(struct eve_ring *ring)
{
    __atomic_store_n(&ring->read, ring->read + 1, __ATOMIC_RELEASE);
}

#endif
