// SPDX-License-Identifier: BSD-2-Clause
/* The flow table: set-associative, eight ways, bounded; a full bucket evicts its oldest flow.
 *
 * User space and kernel share this header (BPF-safe): a bucket is one element of an array, in
 * user space of anonymous memory, in the kernel of an ARRAY map with a slice per CPU. A table has
 * one writer and no lock. Both make the same evictions as long as they have the same seed. */
#ifndef AFXDP_FLOW_TABLE_H
#define AFXDP_FLOW_TABLE_H

#include "flow.h"

enum {
    FLOW_WAYS = 8,
    FLOW_STAMP_SHIFT = 20, /* a stamp counts 2^20 ns, about a millisecond */
};

/* Keys of the hash, made from one seed by flow_seed_make. */
struct flow_seed {
    uint32_t word[2 * FLOW_KEY_WORDS];
};

/* The first cache line decides hit, free way or victim without touching a flow. */
struct flow_bucket {
    uint32_t tag[FLOW_WAYS];   /* upper half of the flow's hash, 0 where the way is free */
    uint32_t stamp[FLOW_WAYS]; /* the flow's last time, in 2^20 ns, wrapping */
    struct flow flow[FLOW_WAYS];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct flow_bucket) == 64 + 128 * FLOW_WAYS, "one line, then the flows");

enum flow_event {
    FLOW_KNOWN,   /* the packet belongs to a flow in the table */
    FLOW_BEGUN,   /* a flow was begun in a free way, over an expired one, or its own after a timeout
                   */
    FLOW_EVICTED, /* a flow was begun in place of a live one */
};

/* Counters of a table; `begun` includes the evicting ones. */
struct flow_counters {
    uint64_t begun;
    uint64_t evictions;
};

ALWAYS_INLINE void flow_seed_make(struct flow_seed *seed, uint64_t value)
{
    for (int i = 0; i < 2 * FLOW_KEY_WORDS; i++) { /* splitmix64, Steele et al. 2014 */
        value += 0x9e3779b97f4a7c15;
        uint64_t z = value;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        seed->word[i] = (uint32_t)(z >> 32);
    }
}

/* NH of UMAC (Black et al. 1999, RFC 4418): for keys chosen without knowledge of the seed, two
 * collide with a probability of at most 2^-32. Five independent multiplications, then a finaliser
 * (murmur3's) that spreads the sum over all bits. */
ALWAYS_INLINE uint64_t flow_hash(const struct flow_seed *seed, const struct flow_key *key)
{
    const uint64_t *word = (const uint64_t *)(const void *)key;
    uint64_t sum = 0;

    for (int i = 0; i < FLOW_KEY_WORDS; i++) {
        uint32_t low = (uint32_t)word[i] + seed->word[2 * i];
        uint32_t high = (uint32_t)(word[i] >> 32) + seed->word[2 * i + 1];
        sum += (uint64_t)low * high;
    }
    sum ^= sum >> 33;
    sum *= 0xff51afd7ed558ccd;
    sum ^= sum >> 33;
    return sum;
}

ALWAYS_INLINE uint32_t flow_tag(uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);

    return tag ? tag : 1;
}

/* Which bucket of `buckets`, a power of two, a hash belongs to. */
ALWAYS_INLINE uint32_t flow_bucket_index(uint64_t hash, uint32_t buckets)
{
    return (uint32_t)hash & (buckets - 1);
}

/* A free way, else the one with the oldest stamp, the lowest index on ties. */
ALWAYS_INLINE uint32_t flow_bucket_victim(const struct flow_bucket *bucket, uint32_t stamp)
{
    uint32_t victim = 0;
    int32_t oldest = INT32_MIN;

    for (uint32_t way = 0; way < FLOW_WAYS; way++) {
        int32_t age = (int32_t)(stamp - bucket->stamp[way]);

        if (bucket->tag[way] == 0)
            age = INT32_MAX;
        if (age > oldest) {
            oldest = age;
            victim = way;
        }
    }
    return victim;
}

/* The flow of a packet, begun where it isn't known; never fails. A packet more than `timeout` ns
 * after its flow's last one starts a new flow. The caller then counts the packet in it with
 * flow_features_update, which moves `last`; the stamp is set here. */
ALWAYS_INLINE struct flow *flow_bucket_lookup(struct flow_bucket *bucket, uint64_t hash,
                                              const struct flow_key *key, bool from_low,
                                              uint64_t now, uint64_t timeout,
                                              enum flow_event *event)
{
    uint32_t tag = flow_tag(hash);
    uint32_t stamp = (uint32_t)(now >> FLOW_STAMP_SHIFT);

    for (uint32_t way = 0; way < FLOW_WAYS; way++) {
        struct flow *flow = &bucket->flow[way];

        if (bucket->tag[way] != tag || !flow_key_equal(&flow->key, key))
            continue;
        *event = FLOW_KNOWN;
        if (now > flow->last) {
            if (now - flow->last > timeout) {
                flow_begin(flow, key, from_low, now);
                *event = FLOW_BEGUN;
            }
            bucket->stamp[way] = stamp;
        }
        return flow;
    }

    uint32_t way = flow_bucket_victim(bucket, stamp) & (FLOW_WAYS - 1);
    struct flow *flow = &bucket->flow[way];
    bool live = bucket->tag[way] != 0 && (now <= flow->last || now - flow->last <= timeout);
    *event = live ? FLOW_EVICTED : FLOW_BEGUN;
    bucket->tag[way] = tag;
    bucket->stamp[way] = stamp;
    flow_begin(flow, key, from_low, now);
    return flow;
}

#endif
