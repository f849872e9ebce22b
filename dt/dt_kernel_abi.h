// SPDX-License-Identifier: BSD-2-Clause
/* Trees as the in-kernel programs want them (BPF-safe); dt_kernel.c makes them from struct
 * dt_model.
 *
 * A node is one 64-bit word, to be had with one load: its threshold, its first child's place, and
 * the place of the feature it compares, the latter two ready to be masked to byte offsets. A leaf
 * leads to itself, as in dt_model.h; its threshold is its row of scores, or, where there is one
 * tree only, the verdict itself. */
#ifndef AFXDP_DT_KERNEL_ABI_H
#define AFXDP_DT_KERNEL_ABI_H

#include "dt_model.h"
#include "path_abi.h"

enum {
    DT_KERNEL_TREES_MAX = 64, /* the verifier walks the loop over them */
    DT_KERNEL_DEPTH_MAX = 16, /* and, for each, that over its levels */
    DT_THRESHOLD_SHIFT = 32,
    DT_VALUE_SHIFT = 2,                              /* a value's number */
    DT_CHILD_SHIFT = DT_VALUE_SHIFT + DT_VALUE_BITS, /* a node's number */
};

/* What a generation's programs need to know beside its nodes and scores. */
struct dt_kernel_shape {
    uint32_t class_count;
    uint32_t tree_count;
    uint32_t depth; /* of the deepest tree: all take as many steps */
    uint32_t root[DT_KERNEL_TREES_MAX];
    struct confidence_table confidence;
};

/* Settled before loading, from the largest model that is to fit. */
struct dt_kernel_limits {
    uint32_t child_mask; /* byte offsets of nodes: a power of two less eight */
    uint32_t cell_mask;  /* scores, a power of two less one */
};

_Static_assert(sizeof(struct dt_kernel_shape) % 8 == 0, "the value of a BPF map");
_Static_assert(offsetof(struct path_work, no_feature) +
                       sizeof(((struct path_work *)0)->no_feature) ==
                   offsetof(struct path_work, features) + 4 * DT_VALUES,
               "a leaf's value is the last behind the features");
_Static_assert(4 * CLASSES_MAX <= PATH_SCRATCH, "the sums of scores");

ALWAYS_INLINE uint64_t dt_kernel_node(uint32_t threshold, uint32_t child, uint32_t value)
{
    return (uint64_t)threshold << DT_THRESHOLD_SHIFT | child << DT_CHILD_SHIFT |
           value << DT_VALUE_SHIFT;
}

/* All ones where the node's feature is above its threshold, else 0. */
ALWAYS_INLINE uint64_t dt_kernel_above(uint64_t node, const struct path_work *work)
{
    const uint8_t *values = (const uint8_t *)&work->features;
    uint64_t value = *(const uint32_t *)(const void *)(values + (node & 4 * (DT_VALUES - 1)));
    uint64_t difference = (node >> DT_THRESHOLD_SHIFT) - value;

    OPAQUE(difference); /* else clang makes a branch of it */
    return (uint64_t)((int64_t)difference >> 63);
}

/* From a node to its child. Both children are loaded while the comparison is on its way: that
 * shortens the chain of a step from 16 cycles to 10. */
ALWAYS_INLINE uint64_t dt_kernel_step(const uint64_t *nodes, uint32_t child_mask, uint64_t node,
                                      const struct path_work *work)
{
    uint64_t offset = (node >> (DT_CHILD_SHIFT - 3)) & child_mask;
    const uint64_t *children = (const uint64_t *)(const void *)((const uint8_t *)nodes + offset);
    uint64_t left = children[0];
    uint64_t right = children[1];

    return left ^ ((left ^ right) & dt_kernel_above(node, work));
}

#endif
