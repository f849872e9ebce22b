// SPDX-License-Identifier: BSD-2-Clause
/* Blocked hosts, as the XDP program looks them up, and what blocks them (BPF-safe). */
#ifndef AFXDP_BLOCK_KEY_H
#define AFXDP_BLOCK_KEY_H

#include "prefix_set.h"

/* Key of the map; its value is when the block began, ns, for whoever looks with bpftool. */
struct block_key {
    uint64_t high, low;
    uint64_t version;
};

ALWAYS_INLINE struct block_key block_key_of(const struct prefix_address *address)
{
    return (struct block_key){address->high, address->low, address->version};
}

ALWAYS_INLINE bool block_key_equal(const struct block_key *a, const struct block_key *b)
{
    return ((a->high ^ b->high) | (a->low ^ b->low) | (a->version ^ b->version)) == 0;
}

/* A packet of a class with a block, from the initiator of its flow: whoever answers an attack is no
 * attacker. */
struct offence {
    struct block_key source;
    uint64_t time;    /* of the packet, ns */
    uint32_t seconds; /* to be blocked */
    uint32_t zero;
};

#endif
