// SPDX-License-Identifier: BSD-2-Clause
/* How often a value was how large, by powers of two. One thread adds, any reads. */
#ifndef AFXDP_HISTOGRAM_H
#define AFXDP_HISTOGRAM_H

#include <stdint.h>

#include "bytes.h"

enum { HISTOGRAM_STEPS = 17 }; /* values up to 1, 2, 4, … 65,536; larger ones count as that */

struct histogram {
    uint64_t count[HISTOGRAM_STEPS]; /* of step i: above 2^(i - 1), up to 2^i */
    uint64_t sum;                    /* of all values */
};

/* `value`: at least 1. */
ALWAYS_INLINE void histogram_add(struct histogram *histogram, uint32_t value)
{
    uint32_t step = value <= 1 ? 0 : 32 - (uint32_t)__builtin_clz(value - 1);
    uint64_t *count = &histogram->count[step < HISTOGRAM_STEPS ? step : HISTOGRAM_STEPS - 1];

    __atomic_store_n(count, __atomic_load_n(count, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&histogram->sum, __atomic_load_n(&histogram->sum, __ATOMIC_RELAXED) + value,
                     __ATOMIC_RELAXED);
}

/* How many values there were. */
ALWAYS_INLINE uint64_t histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;

    for (int i = 0; i < HISTOGRAM_STEPS; i++)
        count += __atomic_load_n(&histogram->count[i], __ATOMIC_RELAXED);
    return count;
}

#endif
