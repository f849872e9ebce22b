// SPDX-License-Identifier: BSD-2-Clause
/* Plain C for any CPU: eight packets walk a tree side by side, so that the loads of one hide the
 * latency of the others.
 *
 * The nodes are the model's but for the leaves, which test feature 0 against UINT32_MAX: such a
 * step stays, and needs no zeros behind the features. Where a walk ends is looked up by node. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_sums.h"
#include "dt_variant.h"

enum { LANES = 8 };

struct plan {
    const struct dt_model *model;
    struct dt_node *nodes; /* [node_count] */
    union {
        struct verdict *verdicts; /* [node_count]; a single tree */
        uint32_t *rows;           /* [node_count]; a forest */
    };
    dt_vector *vectors; /* a forest: scores by row */
};

static int interleaved_prepare(void **out, const struct dt_model *model)
{
    bool forest = model->shape.tree_count > 1;
    size_t vectors = forest ? (size_t)model->row_count * dt_vectors_per_row(model) : 0;
    size_t size = sizeof(struct plan) + vectors * sizeof(dt_vector) +
                  model->node_count * (sizeof(struct dt_node) + sizeof(uint32_t));
    struct plan *plan = aligned_alloc(64, (size + 63) / 64 * 64);

    if (!plan)
        return -ENOMEM;
    _Static_assert(sizeof(struct verdict) == sizeof(uint32_t), "either takes the same room");
    _Static_assert(sizeof(struct plan) % sizeof(dt_vector) == 0, "vectors are aligned behind it");
    plan->model = model;
    plan->vectors = (dt_vector *)(void *)(plan + 1);
    plan->nodes = (struct dt_node *)(void *)(plan->vectors + vectors);
    plan->rows = (uint32_t *)(void *)(plan->nodes + model->node_count);
    if (forest)
        dt_vectors_fill(plan->vectors, model);
    for (uint32_t i = 0; i < model->node_count; i++) {
        const struct dt_node *node = &model->nodes[i];

        plan->nodes[i] = *node;
        plan->rows[i] = 0;
        if (!dt_node_is_leaf(node))
            continue;
        plan->nodes[i] = dt_node_make(0, UINT32_MAX, i);
        if (forest)
            plan->rows[i] = node->threshold;
        else
            plan->verdicts[i] = dt_leaf_verdict(model, node->threshold);
    }
    *out = plan;
    return 0;
}

/* Lets `lanes` packets go on from where they are; a constant count lets the compiler keep all of
 * them in registers. */
ALWAYS_INLINE void walk(const struct dt_node *nodes, uint32_t levels, const uint32_t *features,
                        uint32_t width, int lanes, uint32_t at[LANES])
{
    for (uint32_t level = 0; level < levels; level++) {
#pragma GCC unroll 8
        for (int lane = 0; lane < lanes; lane++) {
            struct dt_node node = nodes[at[lane]];
            uint32_t value = features[(uint32_t)lane * width + dt_node_value(&node)];
            at[lane] = dt_node_left(&node) + (node.threshold < value);
        }
    }
}

ALWAYS_INLINE void walk_tree(const struct dt_node *nodes, struct dt_tree tree,
                             const uint32_t *features, uint32_t width, int lanes,
                             uint32_t at[LANES])
{
    for (int lane = 0; lane < lanes; lane++)
        at[lane] = tree.root;
    walk(nodes, tree.depth, features, width, lanes, at);
}

ALWAYS_INLINE void go_on(const struct plan *plan, const uint32_t *features, uint32_t width,
                         uint32_t count, uint32_t levels, uint32_t *at)
{
    for (uint32_t i = 0; i < count; i += LANES) {
        walk(plan->nodes, levels, features + i * width, width, LANES, at + i);
        for (uint32_t lane = i; lane < i + LANES; lane++)
            at[lane] = plan->rows[at[lane]];
    }
}

void dt_interleaved_go_on(const void *model, const uint32_t *features, uint32_t count,
                          uint32_t levels, uint32_t *at)
{
    const struct plan *plan = model;

    if (plan->model->shape.feature_set == FEATURE_SET_2)
        go_on(plan, features, FEATURES_2, count, levels, at);
    else
        go_on(plan, features, FEATURES_1, count, levels, at);
}

ALWAYS_INLINE void classify_lanes(const struct plan *plan, const uint32_t *features, uint32_t width,
                                  int lanes, struct verdict *verdicts)
{
    const struct dt_model *model = plan->model;
    uint32_t at[LANES];

    if (model->shape.tree_count == 1) {
        walk_tree(plan->nodes, model->shape.tree[0], features, width, lanes, at);
        for (int lane = 0; lane < lanes; lane++)
            verdicts[lane] = plan->verdicts[at[lane]];
        return;
    }

    uint32_t per_row = dt_vectors_per_row(model);
    dt_vector sums[LANES * DT_VECTORS_MAX];
    uint32_t rows[DT_TREES_TOGETHER][LANES];
    uint32_t t = 0;
    memset(sums, 0, (uint32_t)lanes * per_row * sizeof(*sums));
    do { /* there is at least one */
        uint32_t count = 0;

        do {
            walk_tree(plan->nodes, model->shape.tree[t], features, width, lanes, at);
            for (int lane = 0; lane < lanes; lane++)
                rows[count][lane] = plan->rows[at[lane]];
            t++;
        } while (++count < DT_TREES_TOGETHER && t < model->shape.tree_count);
        for (uint32_t lane = 0; lane < (uint32_t)lanes; lane++)
            dt_sum_rows(sums + lane * per_row, plan->vectors, per_row, &rows[0][lane], LANES,
                        count);
    } while (t < model->shape.tree_count);
    for (uint32_t lane = 0; lane < (uint32_t)lanes; lane++)
        verdicts[lane] = dt_verdict_quick(&model->shape, (const int32_t *)(sums + lane * per_row));
}

ALWAYS_INLINE void classify(const void *model, const uint32_t *features, size_t count,
                            struct verdict *verdicts, uint32_t width)
{
    const struct plan *plan = model;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        classify_lanes(plan, features + i * width, width, LANES, verdicts + i);
    for (; i < count; i++)
        classify_lanes(plan, features + i * width, width, 1, verdicts + i);
}

DT_VARIANT(dt_variant_interleaved, "interleaved", 0, interleaved_prepare, free);
