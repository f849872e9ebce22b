// SPDX-License-Identifier: BSD-2-Clause
/* What a classifier says of a packet, and what may be done with it (BPF-safe). */
#ifndef AFXDP_VERDICT_H
#define AFXDP_VERDICT_H

#include "bytes.h"

enum {
    CLASSES_MAX = 64,      /* classes of a model, at least 2 */
    CLASS_NAME_SIZE = 31,  /* with its NUL */
    CONFIDENCE_MAX = 1000, /* a confidence c means: right in c of 1,000 calibration rows */
    CONFIDENCE_STEPS = 256,
};

struct verdict {
    uint16_t class_index;
    uint16_t confidence; /* 0..CONFIDENCE_MAX */
};

enum action {
    ACTION_COUNT,   /* as forward, and shown by class */
    ACTION_FORWARD, /* out of the other port, or to the host's stack, or released */
    ACTION_DROP,
    ACTION_LIMIT, /* of a class: so many a second go on; of a packet: it was beyond them, dropped */
    ACTIONS,
    ACTIONS_PLAIN = ACTION_LIMIT, /* those before need no number: a model's are among them */
};

#define ACTION_NAMES                                                                               \
    {                                                                                              \
        "count", "forward", "drop", "limit"                                                        \
    }

/* Maps the margin between the best and the second-best score to a confidence; non-decreasing. */
struct confidence_table {
    uint32_t shift; /* 0..31 */
    uint16_t step[CONFIDENCE_STEPS];
};

ALWAYS_INLINE uint16_t confidence_of(const struct confidence_table *table, int32_t best,
                                     int32_t second)
{
    uint32_t margin = ((uint32_t)best - (uint32_t)second) >> (table->shift & 31);

    if (margin >= CONFIDENCE_STEPS)
        margin = CONFIDENCE_STEPS - 1;
    OPAQUE(margin); /* so that the mask, which tells the verifier, stays */
    return table->step[margin & (CONFIDENCE_STEPS - 1)];
}

/* How `count` scores, 1..CLASSES_MAX, compare. */
struct lead {
    uint32_t class_index; /* of the largest, the lowest on ties */
    int32_t best;
    int32_t second; /* largest of the others */
};

/* No branch depends on a score: in the kernel the verifier would walk all orders of the classes, in
 * user space they are mispredicted. */
ALWAYS_INLINE struct lead lead_of_scores(const int32_t *scores, uint32_t count)
{
    int64_t best = scores[0];
    int64_t second = INT32_MIN;
    uint32_t best_class = 0;

    for (uint32_t i = 1; i < CLASSES_MAX && i < count; i++) {
        int64_t score = scores[i];
        int64_t ahead = best - score;
        OPAQUE(ahead);
        int64_t above = -(int64_t)((uint64_t)ahead >> 63); /* all ones: a new best */
        int64_t loser = score ^ ((score ^ best) & above);

        best ^= (score ^ best) & above;
        best_class ^= (best_class ^ i) & (uint32_t)above;
        ahead = second - loser;
        OPAQUE(ahead);
        second ^= (second ^ loser) & -(int64_t)((uint64_t)ahead >> 63);
    }
    return (struct lead){best_class, (int32_t)best, (int32_t)second};
}

/* The leading class, and the confidence of its lead over the second. */
ALWAYS_INLINE struct verdict verdict_of_scores(const int32_t *scores, uint32_t count,
                                               const struct confidence_table *confidence)
{
    struct lead lead = lead_of_scores(scores, count);

    return (struct verdict){(uint16_t)lead.class_index,
                            confidence_of(confidence, lead.best, lead.second)};
}

#endif
