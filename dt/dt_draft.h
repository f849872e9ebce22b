// SPDX-License-Identifier: BSD-2-Clause
/* Trees under construction: nodes in any order, children anywhere, made into a dt_model. */
#ifndef AFXDP_DT_DRAFT_H
#define AFXDP_DT_DRAFT_H

#include "dt_model.h"
#include "error.h"

struct dt_draft_node {
    bool is_leaf;
    uint32_t feature; /* a branch goes left where the feature is at most the threshold */
    uint32_t threshold;
    uint32_t left;
    uint32_t right;
    uint32_t row; /* a leaf's place in the scores */
};

struct dt_draft {
    uint32_t feature_set;
    uint32_t class_count;
    uint32_t tree_count;
    uint32_t root[DT_TREES_MAX];
    const struct dt_draft_node *nodes; /* of all trees */
    uint32_t node_count;
    const int32_t *scores; /* [row_count][class_count] */
    uint32_t row_count;
};

/* Lays the trees out breadth first and keeps every different row of scores once. The model has no
 * confidence table yet. `*out` is untouched on failure; free it with dt_model_free.
 * -EINVAL: a node outside the arrays or reached twice, a tree too deep, too many nodes, rows or
 * trees; -ENOMEM. Sums of scores are dt_model_load's business. */
int dt_draft_finish(struct dt_model **out, const struct dt_draft *draft, struct error *error);

#endif
