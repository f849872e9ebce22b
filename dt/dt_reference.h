// SPDX-License-Identifier: BSD-2-Clause
/* The inference that all others are compared with, one packet at a time (BPF-safe).
 *
 * Masks are powers of two less one, no less than an array's last index: in the kernel, constants
 * that show the verifier that an access stays inside the map's value; in user space DT_NO_MASK,
 * as dt_model_load has proven every index. */
#ifndef AFXDP_DT_REFERENCE_H
#define AFXDP_DT_REFERENCE_H

#include "dt_model.h"

#define DT_NO_MASK UINT32_MAX

/* The features, and the zero that a leaf compares, as nodes index them. */
struct dt_values {
    uint32_t value[DT_VALUES];
};

ALWAYS_INLINE void dt_values_fill(struct dt_values *values, const uint32_t *features,
                                  uint32_t width)
{
    for (uint32_t i = 0; i < width; i++)
        values->value[i] = features[i];
    values->value[DT_LEAF] = 0; /* the only one of the zeros that a node names */
}

/* From a node to its child, without a branch: the sign of threshold - value, which the compiler
 * would turn back into a branch if it could see it. */
ALWAYS_INLINE uint32_t dt_step(const struct dt_node *nodes, uint32_t node_mask,
                               const struct dt_values *values, uint32_t at)
{
    const struct dt_node *node = &nodes[at & node_mask];
    uint64_t difference = (uint64_t)node->threshold - values->value[dt_node_value(node)];

    OPAQUE(difference);
    return dt_node_left(node) + (uint32_t)(difference >> 63);
}

/* The row of scores a tree ends in after `steps` steps, at least as many as the tree is deep. */
ALWAYS_INLINE uint32_t dt_row(const struct dt_node *nodes, uint32_t node_mask,
                              const struct dt_values *values, uint32_t root, uint32_t steps)
{
    uint32_t at = root;

    for (uint32_t i = 0; i < steps; i++)
        at = dt_step(nodes, node_mask, values, at);
    return nodes[at & node_mask].threshold;
}

/* The sums of a packet. */
struct dt_sums {
    int32_t score[CLASSES_MAX];
};

ALWAYS_INLINE void dt_add_row(const int32_t *scores, uint32_t cell_mask, uint32_t row,
                              uint32_t class_count, struct dt_sums *sums)
{
    uint32_t cell = row * class_count;

    for (uint32_t i = 0; i < CLASSES_MAX && i < class_count; i++)
        sums->score[i] += scores[(cell + i) & cell_mask];
}

/* Adds up the rows that a packet ends in. `width`: how many features there are, which may be a
 * constant. In the kernel the trees of a forest go through bpf_loop
 * instead of this loop. */
ALWAYS_INLINE void dt_sums_of(const struct dt_shape *shape, const struct dt_node *nodes,
                              uint32_t node_mask, const int32_t *scores, uint32_t cell_mask,
                              const uint32_t *features, uint32_t width, struct dt_sums *sums)
{
    struct dt_values values;

    dt_values_fill(&values, features, width);
    for (uint32_t t = 0; t < DT_TREES_MAX && t < shape->tree_count; t++) {
        const struct dt_tree *tree = &shape->tree[t];
        uint32_t row = dt_row(nodes, node_mask, &values, tree->root, tree->depth);

        dt_add_row(scores, cell_mask, row, shape->class_count, sums);
    }
}

/* The whole of it. */
ALWAYS_INLINE struct verdict dt_classify_one(const struct dt_shape *shape,
                                             const struct dt_node *nodes, uint32_t node_mask,
                                             const int32_t *scores, uint32_t cell_mask,
                                             const uint32_t *features, uint32_t width)
{
    struct dt_sums sums = {.score = {0}};

    dt_sums_of(shape, nodes, node_mask, scores, cell_mask, features, width, &sums);
    return verdict_of_scores(sums.score, shape->class_count, &shape->confidence);
}

#endif
