// SPDX-License-Identifier: BSD-2-Clause
/* Floors: what the machine needs for the part of the work that can't be left out, at the rates that
 * it reaches when nothing depends on anything, measured in this very process. */
#ifndef AFXDP_BENCH_FLOOR_H
#define AFXDP_BENCH_FLOOR_H

#include "bench.h"
#include "dt_model.h"
#include "nn_model.h"

/* Nanoseconds of one instruction among independent ones; 0 where the CPU lacks it. */
struct floor_costs {
    double dot_product; /* vpdpbusd of 64 bytes (AVX-512 VNNI) */
    double permute;     /* vpermb of 64 bytes (AVX-512 VBMI) */
    double load;        /* 4 bytes from the first-level cache */
};

void floor_costs_measure(struct floor_costs *costs);

/* These fill floor_ns and floor_from; floor_ns is 0 where the CPU lacks the instruction. */

/* All products of weights and activations. */
void floor_of_nn(struct bench_case *bench, const struct nn_model *model,
                 const struct floor_costs *costs);

/* For walking trees node by node: the loads of each step. */
void floor_of_dt_loads(struct bench_case *bench, const struct dt_model *model,
                       const struct floor_costs *costs);

/* For 64 packets at once on rank-coded bytes: the permutes that look things up. */
void floor_of_dt_permutes(struct bench_case *bench, const struct dt_model *model,
                          const struct floor_costs *costs);

#endif
