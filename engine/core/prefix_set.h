// SPDX-License-Identifier: BSD-2-Clause
/* Whether an address lies in one of many prefixes, exactly and in few steps (BPF-safe).
 *
 * One array of elements of 32 bytes: for each IP version a top of 2^16 words for the first 16 bits
 * of an address, then nodes of 64 children, six bits further down each. Children that are nodes
 * stand one behind the other, so that a map of 64 bits finds them; a prefix that has a child to
 * itself is a leaf, compared as a whole.
 *
 *     top word ─► none | all of it is in the set | a node
 *     node ─► child not in `inner` and not in `all`: none | in `all` | the node that `inner` counts
 *     leaf ─► the address has its prefix, or hasn't
 *
 * At most 1 + 3 elements are read for an IPv4 address and 1 + 19 for an IPv6 one; of a million
 * prefixes drawn at random 2 to 4. prefix_set.c makes it. */
#ifndef AFXDP_PREFIX_SET_H
#define AFXDP_PREFIX_SET_H

#include "bytes.h"

enum {
    PREFIX_TOP_BITS = 16,
    PREFIX_TOP_WORDS = 8, /* of an element */
    PREFIX_TOP_ELEMENTS = (1 << PREFIX_TOP_BITS) / PREFIX_TOP_WORDS,
    PREFIX_NODES_FROM = 2 * PREFIX_TOP_ELEMENTS, /* IPv4's top, IPv6's, nodes */

    PREFIX_STEP_BITS = 6,
    PREFIX_STEPS_MOST = 19, /* 16 + 19 * 6 covers 128 bits */
    PREFIX_HIGH_STEPS = 8,  /* and 16 + 8 * 6 is 64: no step lies across the two words */

    PREFIX_NONE = 0, /* top words that are no node's place */
    PREFIX_ALL = 1,
};

/* An address, or a prefix with zeros behind it: the bits of an IPv4 one are the highest 32. */
struct prefix_address {
    uint64_t high;
    uint64_t low;
    uint32_t version; /* 4 or 6 */
};

struct prefix_node {
    uint64_t inner;  /* children that are nodes; of a leaf: `high` of its prefix */
    uint64_t all;    /* children that are in the set as a whole; of a leaf: `low` */
    uint32_t first;  /* place of the first child node */
    uint32_t length; /* of a leaf's prefix, bits; 0: no leaf */
    uint64_t zero;
};

union prefix_element {
    struct prefix_node node;
    uint32_t top[PREFIX_TOP_WORDS];
};

_Static_assert(sizeof(union prefix_element) == 32, "two of them to a cache line, none across");
_Static_assert(PREFIX_TOP_BITS + PREFIX_HIGH_STEPS * PREFIX_STEP_BITS == 64, "see above");

/* The element of that place, NULL: there is none. Inlined. */
typedef const union prefix_element *prefix_set_at(const void *set, uint32_t place);

/* The first `length` bits of a word; length 0..64. */
ALWAYS_INLINE uint64_t prefix_mask(uint32_t length)
{
    return length >= 64 ? UINT64_MAX : ~(UINT64_MAX >> (length & 63));
}

ALWAYS_INLINE bool prefix_leaf_has(const struct prefix_node *leaf,
                                   const struct prefix_address *address)
{
    uint32_t length = leaf->length;
    uint64_t high = (leaf->inner ^ address->high) & prefix_mask(length);
    uint64_t low = length > 64 ? (leaf->all ^ address->low) & prefix_mask(length - 64) : 0;

    return (high | low) == 0;
}

/* BPF has no instruction for it. */
ALWAYS_INLINE uint32_t prefix_ones(uint64_t bits)
{
    bits -= bits >> 1 & 0x5555555555555555;
    bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return (uint32_t)(bits * 0x0101010101010101 >> 56);
}

/* Whether the address lies in one of the set's prefixes. */
ALWAYS_INLINE bool prefix_set_has(const void *set, prefix_set_at *at,
                                  const struct prefix_address *address)
{
    uint32_t top = (uint32_t)(address->high >> (64 - PREFIX_TOP_BITS));
    /* 4 or 6, without a branch: the verifier would walk either side of it. */
    uint32_t base = (address->version & 2) * (PREFIX_TOP_ELEMENTS / 2);
    const union prefix_element *element = at(set, base + top / PREFIX_TOP_WORDS);

    if (!element)
        return false;
    uint32_t place = element->top[top % PREFIX_TOP_WORDS];
    uint64_t bits = address->high << PREFIX_TOP_BITS;

    if (place <= PREFIX_ALL)
        return place == PREFIX_ALL;
#ifdef __bpf__
#pragma clang loop unroll(disable)
#endif
    for (uint32_t step = 1; step <= PREFIX_STEPS_MOST; step++) {
        element = at(set, place);
        if (!element)
            return false;
        if (element->node.length)
            return prefix_leaf_has(&element->node, address);
        uint64_t child = UINT64_C(1) << (bits >> (64 - PREFIX_STEP_BITS));

        if (element->node.all & child)
            return true;
        if (!(element->node.inner & child))
            return false;
        place = element->node.first + prefix_ones(element->node.inner & (child - 1));
        bits = step == PREFIX_HIGH_STEPS ? address->low : bits << PREFIX_STEP_BITS;
    }
    return false;
}

#endif
