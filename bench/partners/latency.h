// SPDX-License-Identifier: BSD-2-Clause
/* How late stamped frames are (afxdp-generate --stamps): counted by 64 steps to each doubling,
 * which is a percentile to 1.6 % (BPF-safe). One thread adds. */
#ifndef AFXDP_BENCH_LATENCY_H
#define AFXDP_BENCH_LATENCY_H

#include "synthetic_layout.h"

enum {
    LATENCY_SHIFT = 6, /* of a doubling's 64 steps */
    LATENCY_DOUBLINGS = 30,
    LATENCY_STEPS = (LATENCY_DOUBLINGS + 2) << LATENCY_SHIFT, /* up to a minute */
};

struct latency {
    uint64_t frames;
    uint64_t most; /* ns */
    uint64_t count[LATENCY_STEPS];
};

ALWAYS_INLINE uint32_t latency_step(uint64_t ns)
{
    uint32_t doublings = 0;

    while (doublings < LATENCY_DOUBLINGS && ns >> doublings >= 2u << LATENCY_SHIFT)
        doublings++;
    uint64_t step = ((uint64_t)doublings << LATENCY_SHIFT) + (ns >> doublings);
    return step < LATENCY_STEPS ? (uint32_t)step : LATENCY_STEPS - 1;
}

/* The least value of a step. */
ALWAYS_INLINE uint64_t latency_of_step(uint32_t step)
{
    uint32_t doublings = step >> LATENCY_SHIFT;

    if (doublings > 0)
        doublings--;
    return (uint64_t)(step - (doublings << LATENCY_SHIFT)) << doublings;
}

/* Whether a whole frame of at least SYNTHETIC_HEAD bytes is one that the generator makes up; its
 * time. */
ALWAYS_INLINE bool latency_stamp(const uint8_t *frame, uint64_t *time)
{
    if (load_be16(frame + 12) != 0x0800 || frame[14 + 9] != 17 ||
        load_be16(frame + SYNTHETIC_DESTINATION_PORT) != SYNTHETIC_SERVER_PORT)
        return false;
    __builtin_memcpy(time, frame + SYNTHETIC_STAMP, sizeof(*time));
    return true;
}

ALWAYS_INLINE void latency_add(struct latency *latency, uint64_t ns)
{
    uint32_t step = latency_step(ns);

    latency->frames++;
    if (ns > latency->most)
        latency->most = ns;
    if (step < LATENCY_STEPS) /* always, which the verifier doesn't see */
        latency->count[step]++;
}

#endif
