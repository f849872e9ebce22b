// SPDX-License-Identifier: BSD-2-Clause
/* The monotonic clock, which nobody sets: how long things take, and what packets are stamped with.
 */
#ifndef AFXDP_MONOTONIC_H
#define AFXDP_MONOTONIC_H

#include <time.h>

#include "bytes.h"

ALWAYS_INLINE uint64_t monotonic_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

ALWAYS_INLINE uint64_t monotonic_ms(void)
{
    return monotonic_ns() / 1000000;
}

ALWAYS_INLINE double monotonic_s(void)
{
    return (double)monotonic_ns() / 1e9;
}

#endif
