// SPDX-License-Identifier: BSD-2-Clause
/* A flow: its key, which both directions share, and its running statistics (BPF-safe). */
#ifndef AFXDP_FLOW_H
#define AFXDP_FLOW_H

#include "packet.h"

/* The canonical 5-tuple: the smaller endpoint stands first, so that both directions give the same
 * key. The IP version is part of it: ::1.2.3.4 and 1.2.3.4 are different hosts. Whole words,
 * because they are compared and hashed as such: a word read right after its parts were stored one
 * by one makes the CPU wait for the store buffer. */
struct flow_key {
    uint64_t low_address[2];
    uint64_t high_address[2];
    uint64_t rest; /* from bit 0: low port, 16: high port, 32: protocol, 40: version, 48: realm */
};

enum { FLOW_KEY_WORDS = 5 };
_Static_assert(sizeof(struct flow_key) == 8 * FLOW_KEY_WORDS, "a key is hashed as whole words");

/* What is kept of a flow: two cache lines. The second is written on every packet, the first is
 * all that a lookup compares. Sums are of feature values (see flow_features.h). */
struct flow {
    struct flow_key key;
    uint64_t last;            /* latest time seen, ns; never goes back */
    uint64_t packets;         /* seen so far, both directions */
    uint8_t initiator_is_low; /* 1 when the first packet came from the key's low endpoint */

    /* Of feature set 2, like `cells`; the directions are backward, forward. */
    uint8_t state;       /* enum flow_state */
    uint8_t flags[2];    /* all TCP flags seen */
    uint16_t payload[2]; /* bytes, saturating */

    uint64_t length_sum;              /* bytes */
    uint64_t interval_sum;            /* µs */
    uint64_t direction_sum;           /* packets from the initiator */
    uint64_t length_deviation_sum;    /* bytes × 256 */
    uint64_t interval_deviation_sum;  /* µs */
    uint64_t direction_deviation_sum; /* × 65,536 */
    uint32_t cells[4];                /* see flow_cells_set */
};

/* What the host memory has been told of a flow. */
enum flow_state {
    FLOW_COUNTED = 1,   /* as begun: nothing else of a flow that wasn't is ever counted */
    FLOW_RESPONDED = 2, /* a packet came from the responder */
    FLOW_ANSWERED = 4,
    FLOW_COMPLETED = 8,
    FLOW_REFUSED = 16,
};

_Static_assert(sizeof(struct flow) == 128, "a flow is two cache lines");

ALWAYS_INLINE bool flow_endpoint_is_lower(const uint64_t a[2], uint16_t a_port, const uint64_t b[2],
                                          uint16_t b_port)
{
    if (a[0] != b[0])
        return a[0] < b[0];
    if (a[1] != b[1])
        return a[1] < b[1];
    return a_port <= b_port;
}

/* Fills `key` and tells whether the packet's source is the key's low endpoint. When both endpoints
 * are the same it is: such packets all count as going from initiator to responder. */
ALWAYS_INLINE bool flow_key_of(const struct packet *packet, struct flow_key *key)
{
    bool from_low = flow_endpoint_is_lower(packet->source, packet->source_port, packet->destination,
                                           packet->destination_port);

    key->low_address[0] = from_low ? packet->source[0] : packet->destination[0];
    key->low_address[1] = from_low ? packet->source[1] : packet->destination[1];
    key->high_address[0] = from_low ? packet->destination[0] : packet->source[0];
    key->high_address[1] = from_low ? packet->destination[1] : packet->source[1];
    uint64_t low_port = from_low ? packet->source_port : packet->destination_port;
    uint64_t high_port = from_low ? packet->destination_port : packet->source_port;
    key->rest = low_port | high_port << 16 | (uint64_t)packet->protocol << 32 |
                (uint64_t)packet->version << 40 | (uint64_t)packet->realm << 48;
    return from_low;
}

ALWAYS_INLINE uint16_t flow_key_low_port(const struct flow_key *key)
{
    return (uint16_t)key->rest;
}

ALWAYS_INLINE uint16_t flow_key_high_port(const struct flow_key *key)
{
    return (uint16_t)(key->rest >> 16);
}

ALWAYS_INLINE uint8_t flow_key_protocol(const struct flow_key *key)
{
    return (uint8_t)(key->rest >> 32);
}

ALWAYS_INLINE uint8_t flow_key_version(const struct flow_key *key)
{
    return (uint8_t)(key->rest >> 40);
}

/* The version, with what tells the same addresses in other tunnels apart. */
ALWAYS_INLINE uint32_t flow_key_realm(const struct flow_key *key)
{
    return (uint32_t)(key->rest >> 40);
}

ALWAYS_INLINE bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    const uint64_t *x = (const uint64_t *)(const void *)a;
    const uint64_t *y = (const uint64_t *)(const void *)b;

    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4])) == 0;
}

/* Starts the flow of a packet that has the given key; the packet itself isn't counted yet. */
ALWAYS_INLINE void flow_begin(struct flow *flow, const struct flow_key *key, bool from_low,
                              uint64_t now)
{
    *flow = (struct flow){.key = *key, .last = now, .initiator_is_low = from_low};
}

/* Times are ns modulo 2^64, of which earlier ones than 1970 are the upper half. */
ALWAYS_INLINE bool flow_time_later(uint64_t time, uint64_t than)
{
    return (int64_t)(time - than) > 0;
}

#endif
