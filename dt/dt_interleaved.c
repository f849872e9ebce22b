// SPDX-License-Identifier: BSD-2-Clause
/* Plain C for any CPU: eight packets walk a tree side by side, so that the loads of one hide the
 * latency of the others.
 *
 * The nodes are the model's but for the leaves, which test feature 0 against UINT32_MAX: such a
 * step stays, and needs no zeros behind the features. Where a walk ends is looked up by node. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_reference.h"
#include "dt_variant.h"

enum { LANES = 8 };

struct plan {
    const struct dt_model *model;
    struct dt_node *nodes; /* [node_count] */
    union {
        struct verdict *verdicts; /* [node_count]; a single tree */
        uint32_t *rows;           /* [node_count]; a forest */
    };
};

static int interleaved_prepare(void **out, const struct dt_model *model)
{
    struct plan *plan = malloc(sizeof(*plan) + model->node_count * (sizeof(struct dt_node) + 4));

    if (!plan)
        return -ENOMEM;
    _Static_assert(sizeof(struct verdict) == 4 && sizeof(uint32_t) == 4, "either takes 4 bytes");
    plan->model = model;
    plan->nodes = (struct dt_node *)(void *)(plan + 1);
    plan->rows = (uint32_t *)(void *)(plan->nodes + model->node_count);
    for (uint32_t i = 0; i < model->node_count; i++) {
        const struct dt_node *node = &model->nodes[i];

        plan->nodes[i] = *node;
        plan->rows[i] = 0;
        if (!dt_node_is_leaf(node))
            continue;
        plan->nodes[i] = dt_node_make(0, UINT32_MAX, i);
        if (model->shape.tree_count == 1)
            plan->verdicts[i] = dt_leaf_verdict(model, node->threshold);
        else
            plan->rows[i] = node->threshold;
    }
    *out = plan;
    return 0;
}

/* Where `lanes` packets end; a constant count lets the compiler keep them all in registers. */
ALWAYS_INLINE void walk(const struct dt_node *nodes, struct dt_tree tree,
                        const struct features *features, int lanes, uint32_t at[LANES])
{
    for (int lane = 0; lane < lanes; lane++)
        at[lane] = tree.root;
    for (uint32_t level = 0; level < tree.depth; level++) {
#pragma GCC unroll 8
        for (int lane = 0; lane < lanes; lane++) {
            struct dt_node node = nodes[at[lane]];
            uint32_t value = features[lane].value[dt_node_value(&node)];
            at[lane] = dt_node_left(&node) + (node.threshold < value);
        }
    }
}

ALWAYS_INLINE void classify_lanes(const struct plan *plan, const struct features *features,
                                  int lanes, struct verdict *verdicts)
{
    const struct dt_model *model = plan->model;
    uint32_t at[LANES];

    if (model->shape.tree_count == 1) {
        walk(plan->nodes, model->shape.tree[0], features, lanes, at);
        for (int lane = 0; lane < lanes; lane++)
            verdicts[lane] = plan->verdicts[at[lane]];
        return;
    }

    struct dt_sums sums[LANES];
    for (int lane = 0; lane < lanes; lane++)
        memset(sums[lane].score, 0, model->shape.class_count * sizeof(int32_t));
    for (uint32_t t = 0; t < model->shape.tree_count; t++) {
        walk(plan->nodes, model->shape.tree[t], features, lanes, at);
        for (int lane = 0; lane < lanes; lane++)
            dt_add_row(model->scores, DT_NO_MASK, plan->rows[at[lane]], model->shape.class_count,
                       &sums[lane]);
    }
    for (int lane = 0; lane < lanes; lane++)
        verdicts[lane] = dt_verdict_of(&model->shape, sums[lane].score);
}

static void interleaved_classify(const void *model, const struct features *features, size_t count,
                                 struct verdict *verdicts)
{
    const struct plan *plan = model;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        classify_lanes(plan, features + i, LANES, verdicts + i);
    for (; i < count; i++)
        classify_lanes(plan, features + i, 1, verdicts + i);
}

const struct dt_variant dt_variant_interleaved = {
    .name = "interleaved",
    .prepare = interleaved_prepare,
    .classify = interleaved_classify,
};
