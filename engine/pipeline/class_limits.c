// SPDX-License-Identifier: BSD-2-Clause
#include "class_limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECOND_BITS = 20,
    TAG_BITS = 64 - SECOND_BITS - LIMIT_USED_BITS,
};

int limits_new(struct limits **out, uint64_t seed)
{
    struct limits *limits = aligned_alloc(_Alignof(struct limits), sizeof(*limits));

    if (!limits)
        return -ENOMEM;
    memset(limits, 0, sizeof(*limits));
    flow_seed_make(&limits->seed, seed);
    *out = limits;
    return 0;
}

/* The second is part of what is hashed, so that destinations which share a set part again. */
static uint64_t hash_of(const struct limits *limits, const struct packet *packet, uint32_t slot,
                        uint64_t second)
{
    const struct flow_key key = {
        .low_address = {packet->destination[0], packet->destination[1]},
        .high_address = {second, slot},
        .rest = (uint64_t)packet->version << 40 | (uint64_t)packet->realm << 48,
    };

    return flow_hash(&limits->seed, &key);
}

/* Everything of a bucket's word but the tokens taken; never 0, which is a free word. */
static uint64_t head_of(uint64_t hash, uint64_t second)
{
    uint64_t tag = hash >> (64 - TAG_BITS);

    return (tag ? tag : 1) << SECOND_BITS | (second & ((1u << SECOND_BITS) - 1));
}

static bool is_of_second(uint64_t word, uint64_t head)
{
    return word != 0 && ((word >> LIMIT_USED_BITS ^ head) & ((1u << SECOND_BITS) - 1)) == 0;
}

/* Takes one from the bucket in that word, whoever else's it may be too. */
static bool take(uint64_t *word, uint64_t seen, uint32_t most)
{
    for (;;) {
        if ((seen & LIMIT_MOST) >= most)
            return false;
        if (__atomic_compare_exchange_n(word, &seen, seen + 1, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return true;
    }
}

bool limits_take(struct limits *limits, const struct packet *packet, uint32_t slot, uint64_t time,
                 uint32_t most)
{
    uint64_t second = time / LIMIT_SECOND_NS;
    uint64_t hash = hash_of(limits, packet, slot, second);
    uint64_t head = head_of(hash, second);
    uint64_t *set = limits->word[second & 1][hash % LIMIT_SETS];
    uint64_t seen = 0;

    for (uint32_t way = 0; way < LIMIT_WAYS; way++) {
        seen = __atomic_load_n(&set[way], __ATOMIC_RELAXED);
        if (!is_of_second(seen, head) &&
            __atomic_compare_exchange_n(&set[way], &seen, head << LIMIT_USED_BITS | 1, false,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return true;
        if (seen >> LIMIT_USED_BITS == head)
            return take(&set[way], seen, most);
    }
    return take(&set[LIMIT_WAYS - 1], seen, most);
}
