// SPDX-License-Identifier: BSD-2-Clause
/* The payload of a `.q8` file of kind Q8_DT, and the model in memory.
 *
 * Little-endian: struct dt_payload, struct dt_tree[tree_count], struct dt_node[node_count],
 * int32 scores[row_count][class_count], nothing behind. The first tree's root is node 0. */
#ifndef AFXDP_DT_LOAD_H
#define AFXDP_DT_LOAD_H

#include "dt_model.h"
#include "error.h"
#include "q8.h"

struct dt_payload {
    uint32_t tree_count;
    uint32_t node_count;
    uint32_t row_count;
    uint32_t reserved; /* 0 */
};

/* Takes a model out of a file that q8_decode has accepted, and trusts nothing in it: counts are
 * capped, sizes add up exactly, trees follow each other without a gap, every node but a root is
 * the child of exactly one earlier node of its tree, depths are as stated and at most DT_DEPTH_MAX,
 * values and rows exist, and no sum of scores over all trees can leave an int32.
 *
 * `*out` is untouched on failure; free it with dt_model_free. -EINVAL with the reason in `error`,
 * or -ENOMEM. */
int dt_model_load(struct dt_model **out, const struct q8 *file, struct error *error);

void dt_model_free(struct dt_model *model); /* takes NULL */

/* A model with room for that many nodes and rows, all zero but its counts; NULL without memory. */
struct dt_model *dt_model_allocate(uint32_t node_count, uint32_t row_count, uint32_t class_count);

/* The payload's bytes, which the caller frees. Checks nothing: dt_model_load does. */
int dt_model_encode(const struct dt_model *model, uint8_t **out, size_t *size, struct error *error);

#endif
