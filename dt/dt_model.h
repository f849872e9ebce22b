// SPDX-License-Identifier: BSD-2-Clause
/* A decision tree or a forest as flat arrays that suit user space and kernel maps alike.
 *
 * struct dt_shape, struct dt_node and the scores are BPF-safe: no pointers, one layout. A node is
 * 8 bytes and has no branch in it: the children of a node stand side by side, so that a step is
 * an addition, and a leaf leads to itself, so that every packet may take as many steps as the tree
 * is deep. Trees with fewer levels on one side cost nothing but idle steps.
 *
 * A leaf's score is a fraction of the total vote in units of 2^-30 (2^-20 of a tree's vote in a
 * forest of 1,024): scores of all trees add up to less than 2^31. */
#ifndef AFXDP_DT_MODEL_H
#define AFXDP_DT_MODEL_H

#include <stddef.h>

#include "flow_features.h"
#include "verdict.h"

enum {
    DT_TREES_MAX = 1024,
    DT_DEPTH_MAX = 24,      /* comparisons from root to leaf */
    DT_NODES_MAX = 1 << 20, /* of all trees together: 8 MiB */
    DT_CELLS_MAX = 1 << 22, /* scores, that is rows times classes: 16 MiB */
    DT_VALUES = 32,         /* the features, then zeros: what a node's link can name */
    DT_VALUE_BITS = 5,      /* of a value's number */
    DT_LEAF = DT_VALUES - 1 /* the last of those zeros: what a leaf "compares" */
};

_Static_assert((int)FEATURES_MAX <= (int)DT_LEAF, "a leaf's value is no feature");
_Static_assert((int)DT_VALUES == 1 << (int)DT_VALUE_BITS, "as many as a link can name");

/* A branch goes to `left` where the feature is at most `threshold`, else to left + 1. A leaf names
 * the value DT_LEAF, which is 0 and so never above the threshold, and itself as `left`: a step
 * from a leaf stays there whatever its threshold, which can thus hold the row of its scores. */
struct dt_node {
    uint32_t threshold;
    uint32_t link; /* left << DT_VALUE_BITS | index of the value */
};

_Static_assert(sizeof(struct dt_node) == 8, "half a cache line holds the children of four nodes");

struct dt_tree {
    uint32_t root;  /* its first node; its nodes end where the next tree begins */
    uint32_t depth; /* 0 where the root is a leaf */
};

/* All of a model but its two arrays. */
struct dt_shape {
    uint32_t feature_set; /* FEATURE_SET_1 or FEATURE_SET_2 */
    uint32_t class_count;
    uint32_t tree_count;
    struct confidence_table confidence;
    struct dt_tree tree[DT_TREES_MAX];
};

/* A model in user space; read-only after dt_model_load. Nodes of a tree stand breadth first:
 * children come after their parent. */
struct dt_model {
    struct dt_shape shape;
    uint32_t node_count;
    uint32_t row_count;
    struct dt_node *nodes; /* [node_count] */
    int32_t *scores;       /* [row_count][class_count] */
};

ALWAYS_INLINE uint32_t dt_node_value(const struct dt_node *node)
{
    return node->link & (DT_VALUES - 1);
}

ALWAYS_INLINE uint32_t dt_node_left(const struct dt_node *node)
{
    return node->link >> DT_VALUE_BITS;
}

ALWAYS_INLINE bool dt_node_is_leaf(const struct dt_node *node)
{
    return dt_node_value(node) == DT_LEAF;
}

ALWAYS_INLINE struct dt_node dt_node_make(uint32_t value, uint32_t threshold, uint32_t left)
{
    return (struct dt_node){.threshold = threshold, .link = left << DT_VALUE_BITS | value};
}

#endif
