// SPDX-License-Identifier: BSD-2-Clause
/* The pipeline's step for feature set 2: counts a burst's packets in their flows, tells the host
 * memory of them, and writes their features. In order, for a packet sees what those before it did.
 *
 * Reading a packet's hosts is the larger part of it, so it is compiled for more than one level of
 * CPU. All variants give the same numbers, host_read's. */
#ifndef AFXDP_HOST_PASS_H
#define AFXDP_HOST_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pipeline;
struct stats;

struct host_pass {
    const char *name;
    uint32_t needs; /* enum cpu_level */
    void (*update)(struct pipeline *pipeline, struct stats *stats);
};

/* Those of other CPUs than the one compiled for don't exist. */
extern const struct host_pass host_pass_scalar;
extern const struct host_pass host_pass_avx2;
extern const struct host_pass host_pass_avx512;

/* The variants that this build has: the scalar one first, the fastest last. */
size_t host_pass_count(void);
const struct host_pass *host_pass_at(size_t index);

bool host_pass_offered(const struct host_pass *pass, uint32_t cpu_levels);

/* The fastest on a CPU of these levels. */
const struct host_pass *host_pass_for(uint32_t cpu_levels);

#endif
