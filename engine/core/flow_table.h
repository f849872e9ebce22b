// SPDX-License-Identifier: BSD-2-Clause
/* The flow table: set-associative, eight ways, bounded; a full bucket evicts its oldest flow, where
 * a flow that was answered ages eight times as slowly: a flood of new flows, which nobody answers,
 * evicts itself and not the conversations.
 *
 * User space and kernel share this header (BPF-safe): a bucket is one element of an array, in
 * user space of anonymous memory, in the kernel of an ARRAY map with a slice per CPU. A table has
 * one writer and no lock. Both make the same evictions as long as they have the same seed. */
#ifndef AFXDP_FLOW_TABLE_H
#define AFXDP_FLOW_TABLE_H

#include <stddef.h>

#include "flow.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    FLOW_WAYS = 8,
    FLOW_STAMP_SHIFT = 20,     /* a stamp counts 2^20 ns, about a millisecond */
    FLOW_STAMP_LEAD = 1 << 14, /* a stamp up to this much newer (17 s) is of age 0: times go back */
    FLOW_ANSWERED_SHIFT = 3,   /* an answered flow's age counts an eighth */
};

#define FLOW_STAMP_MASK 0x7fffffffu

/* Keys of the hash, made from one seed by flow_seed_make. */
struct flow_seed {
    uint32_t word[2 * FLOW_KEY_WORDS];
};

/* The first cache line decides hit, free way or victim without touching a flow. */
struct flow_bucket {
    uint32_t tag[FLOW_WAYS];   /* upper half of the flow's hash, 0 where the way is free */
    uint32_t stamp[FLOW_WAYS]; /* the flow's last time in 2^20 ns, wrapping, << 1 | answered */
    struct flow flow[FLOW_WAYS];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct flow_bucket) == 64 + 128 * FLOW_WAYS, "one line, then the flows");

enum flow_event {
    FLOW_KNOWN,   /* the packet belongs to a flow in the table */
    FLOW_BEGUN,   /* a flow was begun in a free way, over an expired one, or its own after a timeout
                   */
    FLOW_EVICTED, /* a flow was begun in place of a live one */
};

/* What a lookup did. */
struct flow_lookup {
    enum flow_event event;
    uint64_t replaced; /* of a flow that was begun: packets of the one that stood there before */
};

/* Counters of a table; `begun` includes the evicting ones. */
struct flow_counters {
    uint64_t begun;
    uint64_t evictions;
};

/* Fills `count` words from a seed (splitmix64, Steele et al. 2014). Returns the seed of those that
 * would follow. */
ALWAYS_INLINE uint64_t flow_seed_words(uint32_t *word, int count, uint64_t value)
{
    for (int i = 0; i < count; i++) {
        value += 0x9e3779b97f4a7c15;
        uint64_t z = value;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        word[i] = (uint32_t)(z >> 32);
    }
    return value;
}

ALWAYS_INLINE void flow_seed_make(struct flow_seed *seed, uint64_t value)
{
    flow_seed_words(seed->word, 2 * FLOW_KEY_WORDS, value);
}

/* Spreads a sum over all bits (half of murmur3's finaliser). */
ALWAYS_INLINE uint64_t flow_hash_finish(uint64_t sum)
{
    sum ^= sum >> 33;
    sum *= 0xff51afd7ed558ccd;
    sum ^= sum >> 33;
    return sum;
}

/* NH of UMAC (Black et al. 1999, RFC 4418): for keys chosen without knowledge of the seed, two
 * collide with a probability of at most 2^-32. Five independent multiplications, then a finaliser.
 */
ALWAYS_INLINE uint64_t flow_hash(const struct flow_seed *seed, const struct flow_key *key)
{
    const uint64_t *word = (const uint64_t *)(const void *)key;
    uint64_t sum = 0;

    for (int i = 0; i < FLOW_KEY_WORDS; i++) {
        uint32_t low = (uint32_t)word[i] + seed->word[2 * i];
        uint32_t high = (uint32_t)(word[i] >> 32) + seed->word[2 * i + 1];
        sum += (uint64_t)low * high;
    }
    return flow_hash_finish(sum);
}

ALWAYS_INLINE uint32_t flow_tag(uint64_t hash)
{
    uint32_t tag = (uint32_t)(hash >> 32);

    return tag ? tag : 1;
}

/* Which bucket of `buckets`, a power of two up to 2^24, a hash belongs to. */
ALWAYS_INLINE uint32_t flow_bucket_index(uint64_t hash, uint32_t buckets)
{
    return (uint32_t)hash & (buckets - 1);
}

/* Six bits of a hash that neither tag nor bucket use: a choice that is the same for all packets of
 * a flow. */
ALWAYS_INLINE uint32_t flow_sample(uint64_t hash)
{
    return (uint32_t)hash >> 26;
}

#ifndef __bpf__
/* Which ways hold the tag, one bit each. */
ALWAYS_INLINE uint32_t flow_bucket_match(const struct flow_bucket *bucket, uint32_t tag)
{
#ifdef __SSE2__
    const __m128i *tags = (const __m128i *)(const void *)bucket->tag;
    __m128i wanted = _mm_set1_epi32((int32_t)tag);
    __m128i low = _mm_cmpeq_epi32(_mm_load_si128(&tags[0]), wanted);
    __m128i high = _mm_cmpeq_epi32(_mm_load_si128(&tags[1]), wanted);
    __m128i words = _mm_packs_epi32(low, high);

    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(words, words)) & 0xff;
#else
    uint32_t ways = 0;

    for (uint32_t way = 0; way < FLOW_WAYS; way++)
        ways |= (uint32_t)(bucket->tag[way] == tag) << way;
    return ways;
#endif
}
#endif

/* Ages of flows as their stamps tell them. */
struct flow_ages {
    uint32_t now;     /* the stamp of an age of 0, less the lead, without the answered bit */
    uint32_t expired; /* ages from here on are past the timeout */
};

/* Past by the stamps means past in nanoseconds too; the last two stamps before aren't told apart
 * from it. A timeout longer than stamps reach (26 days) is never past. */
ALWAYS_INLINE struct flow_ages flow_ages_at(uint64_t now, uint64_t timeout)
{
    uint64_t expired = (timeout >> FLOW_STAMP_SHIFT) + 2;

    return (struct flow_ages){.now = (uint32_t)(now >> FLOW_STAMP_SHIFT) + FLOW_STAMP_LEAD,
                              .expired = expired > FLOW_STAMP_MASK ? FLOW_STAMP_MASK + 1
                                                                   : (uint32_t)expired};
}

/* How readily a way is given to a new flow: a free one, then expired ones, then the others, each
 * by age. */
ALWAYS_INLINE uint32_t flow_rank(uint32_t tag, uint32_t stamp, struct flow_ages ages)
{
    uint32_t age = (ages.now - (stamp >> 1)) & FLOW_STAMP_MASK;

    age = age > FLOW_STAMP_LEAD ? age - FLOW_STAMP_LEAD : 0;
    uint32_t rank = age >= ages.expired ? age | (FLOW_STAMP_MASK + 1)
                                        : age >> ((stamp & 1) * FLOW_ANSWERED_SHIFT);
    return tag == 0 ? UINT32_MAX : rank;
}

/* The way that a new flow takes, by the first cache line alone: of the highest rank, the lowest
 * index on ties. */
ALWAYS_INLINE uint32_t flow_bucket_victim(const struct flow_bucket *bucket, struct flow_ages ages)
{
    uint64_t victim = 0;

    for (uint32_t way = 0; way < FLOW_WAYS; way++) {
        uint64_t rank = (uint64_t)flow_rank(bucket->tag[way], bucket->stamp[way], ages) << 3 |
                        (FLOW_WAYS - 1 - way);
        victim = rank > victim ? rank : victim;
    }
    return FLOW_WAYS - 1 - ((uint32_t)victim & (FLOW_WAYS - 1));
}

/* The flow in `way`, where the packet's flow was found; a packet more than `timeout` ns after its
 * last one starts it anew. The answered bit stays once a packet came from the responder. */
ALWAYS_INLINE struct flow *flow_bucket_continue(struct flow_bucket *bucket, uint32_t way,
                                                const struct flow_key *key, bool from_low,
                                                uint64_t now, uint64_t timeout,
                                                struct flow_lookup *lookup)
{
    struct flow *flow = &bucket->flow[way];
    uint32_t stamp = bucket->stamp[way] | ((uint64_t)from_low != flow->initiator_is_low);

    lookup->event = FLOW_KNOWN;
    if (flow_time_later(now, flow->last)) {
        stamp = (uint32_t)(now >> FLOW_STAMP_SHIFT) << 1 | (stamp & 1);
        if (now - flow->last > timeout) {
            lookup->event = FLOW_BEGUN;
            lookup->replaced = flow->packets;
            flow_begin(flow, key, from_low, now);
            stamp &= ~1u;
        }
    }
    bucket->stamp[way] = stamp;
    return flow;
}

/* The packet's flow, which isn't in the bucket yet. */
ALWAYS_INLINE struct flow *flow_bucket_begin(struct flow_bucket *bucket, uint64_t hash,
                                             const struct flow_key *key, bool from_low,
                                             uint64_t now, uint64_t timeout,
                                             struct flow_lookup *lookup)
{
    uint32_t way = flow_bucket_victim(bucket, flow_ages_at(now, timeout)) & (FLOW_WAYS - 1);
    struct flow *flow = &bucket->flow[way];
    bool live =
        bucket->tag[way] != 0 && (!flow_time_later(now, flow->last) || now - flow->last <= timeout);

    lookup->event = live ? FLOW_EVICTED : FLOW_BEGUN;
    lookup->replaced = flow->packets;
    bucket->tag[way] = flow_tag(hash);
    bucket->stamp[way] = (uint32_t)(now >> FLOW_STAMP_SHIFT) << 1;
    flow_begin(flow, key, from_low, now);
    return flow;
}

/* The flow of a packet, begun where it isn't known; never fails. The caller then counts the packet
 * in it with flow_features_update, which moves `last`; the stamp is set here. */
ALWAYS_INLINE struct flow *flow_bucket_lookup(struct flow_bucket *bucket, uint64_t hash,
                                              const struct flow_key *key, bool from_low,
                                              uint64_t now, uint64_t timeout,
                                              struct flow_lookup *lookup)
{
    uint32_t tag = flow_tag(hash);

    for (uint32_t way = 0; way < FLOW_WAYS; way++) {
        if (bucket->tag[way] == tag && flow_key_equal(&bucket->flow[way].key, key))
            return flow_bucket_continue(bucket, way, key, from_low, now, timeout, lookup);
    }
    return flow_bucket_begin(bucket, hash, key, from_low, now, timeout, lookup);
}

/* The same with a guess: `way` is where flow_bucket_expect saw the flow's tag. Right nearly always,
 * and then nothing has to wait for the tags. (A free way's key has no version and equals none.) */
ALWAYS_INLINE struct flow *flow_bucket_lookup_expected(struct flow_bucket *bucket, uint32_t way,
                                                       uint64_t hash, const struct flow_key *key,
                                                       bool from_low, uint64_t now,
                                                       uint64_t timeout, struct flow_lookup *lookup)
{
    if (flow_key_equal(&bucket->flow[way].key, key))
        return flow_bucket_continue(bucket, way, key, from_low, now, timeout, lookup);
    return flow_bucket_lookup(bucket, hash, key, from_low, now, timeout, lookup);
}

/* A flow that is in the bucket and alive, or NULL; leaves it as it is. */
ALWAYS_INLINE struct flow *flow_bucket_find(struct flow_bucket *bucket, uint64_t hash,
                                            const struct flow_key *key, uint64_t now,
                                            uint64_t timeout)
{
    uint32_t tag = flow_tag(hash);

    for (uint32_t way = 0; way < FLOW_WAYS; way++) {
        struct flow *flow = &bucket->flow[way];

        if (bucket->tag[way] == tag && flow_key_equal(&flow->key, key))
            return flow_time_later(now, flow->last) && now - flow->last > timeout ? NULL : flow;
    }
    return NULL;
}

#ifndef __bpf__
/* Where the flow with that hash is or will be, by its tag alone; begins to fetch it. */
ALWAYS_INLINE uint32_t flow_bucket_expect(const struct flow_bucket *bucket, uint64_t hash,
                                          uint64_t now, uint64_t timeout)
{
    uint32_t ways = flow_bucket_match(bucket, flow_tag(hash));
    uint32_t way = ways ? (uint32_t)__builtin_ctz(ways)
                        : flow_bucket_victim(bucket, flow_ages_at(now, timeout));
    const uint8_t *flow = (const uint8_t *)&bucket->flow[way];

    __builtin_prefetch(flow, 1);
    __builtin_prefetch(flow + 64, 1);
    return way;
}

/* Reads both lines of a flow, where to begin to fetch them isn't enough (read_ahead.h). */
ALWAYS_INLINE uint64_t flow_bucket_read(const struct flow_bucket *bucket, uint32_t way)
{
    return bucket->flow[way].last | bucket->flow[way].length_sum;
}
#endif

#endif
