// SPDX-License-Identifier: BSD-2-Clause
/* An ensemble that grows tree by tree, from files that give each leaf one number for one class:
 * XGBoost's, LightGBM's, ONNX's TreeEnsemble. */
#ifndef AFXDP_DT_GROW_H
#define AFXDP_DT_GROW_H

#include "dt_ensemble.h"

/* What a branch does with a feature that is 0. */
enum dt_zero {
    DT_ZERO_ASKED, /* as with any other value */
    DT_ZERO_YES,   /* 0 is a missing value, which goes this way */
    DT_ZERO_NO,
};

struct dt_source_node {
    enum dt_mode mode;
    enum dt_zero zero;
    uint32_t feature;
    uint32_t yes; /* of a branch: places in the tree's nodes */
    uint32_t no;
    uint32_t class_index; /* of a leaf */
    double value;         /* a branch's threshold, a leaf's number */
};

struct dt_grow {
    struct dt_ensemble *ensemble;
    uint32_t node_room;
    uint32_t row_room;
    struct error *error;
};

/* An empty ensemble; free it with dt_ensemble_free. -ENOMEM. */
int dt_grow_begin(struct dt_grow *grow, uint32_t feature_set, uint32_t class_count,
                  struct error *error);

/* Adds a copy of the tree whose root is nodes[root], its numbers times `factor`. What can't be
 * reached is left out. -EINVAL with the reason: too many trees or nodes (as a tree that leads back
 * to itself has), a child, feature or class that isn't there, a number that isn't finite. -ENOMEM.
 */
int dt_grow_tree(struct dt_grow *grow, const struct dt_source_node *nodes, uint32_t node_count,
                 uint32_t root, double factor);

/* Adds what holds for every packet to the leaves of the first tree; there must be one. */
int dt_grow_end(struct dt_grow *grow, const double *base);

#endif
