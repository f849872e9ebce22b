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
    ACTIONS
};

#define ACTION_NAMES                                                                               \
    {                                                                                              \
        "count", "forward", "drop"                                                                 \
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

    return table->step[margin < CONFIDENCE_STEPS - 1 ? margin : CONFIDENCE_STEPS - 1];
}

#endif
