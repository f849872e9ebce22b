// SPDX-License-Identifier: BSD-2-Clause
/* Floors: what the machine needs for the part of the work that can't be left out, at the rates that
 * it reaches when nothing depends on anything, measured in this very process. */
#ifndef AFXDP_BENCH_FLOOR_H
#define AFXDP_BENCH_FLOOR_H

#include "bench.h"
#include "dt_model.h"
#include "nn_model.h"

enum floor_part {
    FLOOR_DOT_PRODUCT, /* vpdpbusd of 64 bytes (AVX-512 VNNI) */
    FLOOR_PERMUTE,     /* vpermb of 64 bytes (AVX-512 VBMI) */
    FLOOR_LOAD,        /* 4 bytes from the first-level cache */
    FLOOR_PARTS
};

/* How many of each a packet can't do without. */
struct floor {
    double count[FLOOR_PARTS];
    char from[BENCH_DERIVATION_SIZE];
};

/* Cases to measure together with those that are compared with a floor; their "packets" are
 * instructions. What the CPU lacks takes 0 ns. */
void floor_cases(struct bench_case cases[FLOOR_PARTS]);

/* From the measured cases: floor_ns, 0 where the CPU lacks a part of it, and floor_from. */
void floor_apply(struct bench_case *bench, const struct floor *floor,
                 const struct bench_case cases[FLOOR_PARTS]);

/* All products of weights and activations. */
void floor_of_nn(struct floor *floor, const struct nn_model *model);

/* For walking trees node by node: the loads of each step. */
void floor_of_dt_loads(struct floor *floor, const struct dt_model *model);

/* For 64 packets at once on rank-coded bytes: the permutes that look things up. -ENOMEM. */
int floor_of_dt_permutes(struct floor *floor, const struct dt_model *model);

#endif
