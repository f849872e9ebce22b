// SPDX-License-Identifier: BSD-2-Clause
/* limit:N: of each class at most N packets a second go on to one destination host.
 *
 * Each second of packet time (ns divided by 10^9) has a bucket of N tokens for each class and
 * destination; a packet takes one, and finds none when N have come before it. One memory for all
 * workers, bounded, without locks:
 *
 *     even and odd seconds ─► a set by the hash ─► eight words: { tag of the hash, second, taken }
 *
 * A word of another second is free, so within a second a word is only ever taken, never given up:
 * whoever looks for a bucket takes the first free word, by one compare-and-swap, and two workers
 * can't begin two buckets for the same destination. A token is taken by compare-and-swap too, and
 * who finds none writes nothing. So the count is exact however many workers there are, as long as
 * their packets' times differ by less than a second.
 *
 * Where more than eight destinations meet in a set within a second, the further ones share the last
 * one's tokens: never more than N go on. Two destinations are taken for one with a probability of
 * 2^-38; nobody who doesn't know the seed can choose such. A second's number is kept modulo 2^20
 * (12 days). */
#ifndef AFXDP_CLASS_LIMITS_H
#define AFXDP_CLASS_LIMITS_H

#include "flow_table.h"

enum {
    LIMIT_USED_BITS = 20,
    LIMIT_MOST = (1 << LIMIT_USED_BITS) - 1, /* packets a second */
    LIMIT_WAYS = 8,
    LIMIT_SETS = 1 << 14, /* of even seconds, and again of odd ones */
};

#define LIMIT_SECOND_NS UINT64_C(1000000000)

struct limits {
    uint64_t word[2][LIMIT_SETS][LIMIT_WAYS] __attribute__((aligned(64)));
    struct flow_seed seed;
};

/* free() them; -ENOMEM. */
int limits_new(struct limits **out, uint64_t seed);

/* Takes a token for a packet of that slot; whether there was one of `most`, 1..LIMIT_MOST. From any
 * thread. */
bool limits_take(struct limits *limits, const struct packet *packet, uint32_t slot, uint64_t time,
                 uint32_t most);

#endif
