// SPDX-License-Identifier: BSD-2-Clause
/* Trees to levels of ranks, and forests to groups of trees. */
#include "dt_rank.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_rank_build.h"

/* Where a node stands in the layout, while a tree is walked level by level. */
struct walker {
    uint32_t node;  /* of the model */
    uint32_t place; /* in its level */
};

struct layout {
    struct rank_builder *builder;
    const struct thresholds *thresholds;
    uint8_t (*places)[RANK_SLOTS];
    struct walker *level; /* all nodes of a level, the leaves above it included */
    uint32_t count;
};

static void put_level(struct layout *layout, const struct rank_tree *tree, uint32_t level)
{
    const struct dt_model *model = layout->builder->plan->model;
    uint8_t *ranks = layout->builder->plan->tables + tree->level[level];
    uint8_t *slots = ranks + rank_level_size(level);
    uint32_t count = layout->count;

    for (uint32_t i = 0; i < count; i++) {
        struct walker *walker = &layout->level[i];
        const struct dt_node *node = &model->nodes[walker->node];
        uint32_t feature = dt_node_value(node);

        if (dt_node_is_leaf(node))
            continue; /* its rank is the largest: no packet goes to the right */
        uint32_t rank = thresholds_find(layout->thresholds, feature, node->threshold);

        ranks[walker->place] = (uint8_t)(rank % RANK_MOST);
        slots[walker->place] = layout->places[feature][rank / RANK_MOST];
        layout->level[layout->count++] =
            (struct walker){dt_node_left(node) + 1, walker->place | 1u << level};
        walker->node = dt_node_left(node);
    }
}

static int make_tree(struct layout *layout, uint32_t number)
{
    struct rank_plan *plan = layout->builder->plan;
    const struct dt_tree *from = &plan->model->shape.tree[number];
    struct rank_tree *tree = &plan->trees[number];

    tree->levels = from->depth < RANK_LEVELS_LEAST ? RANK_LEVELS_LEAST : (from->depth + 1) / 2 * 2;
    for (uint32_t level = 0; level < tree->levels; level++) {
        uint32_t size = rank_level_size(level);

        tree->level[level] = rank_table_new(layout->builder, 2 * (size_t)size, 0);
        if (tree->level[level] == UINT32_MAX)
            return -ENOMEM;
        memset(plan->tables + tree->level[level], RANK_MOST, size);
    }
    tree->ends = rank_table_new(layout->builder, sizeof(uint32_t) << tree->levels, 0);
    if (tree->ends == UINT32_MAX)
        return -ENOMEM;

    layout->level[0] = (struct walker){from->root, 0};
    layout->count = 1;
    for (uint32_t level = 0; level < tree->levels; level++)
        put_level(layout, tree, level);
    uint32_t *ends = (uint32_t *)(void *)(plan->tables + tree->ends);
    for (uint32_t i = 0; i < layout->count; i++)
        ends[layout->level[i].place] = plan->model->nodes[layout->level[i].node].threshold;
    return 0;
}

/* Takes as many trees from `first` on as fit together. */
static int make_group(struct rank_builder *builder, uint32_t first)
{
    struct rank_plan *plan = builder->plan;
    uint32_t tree_count = plan->model->shape.tree_count;
    struct rank_group *group = &plan->groups[plan->group_count++];
    uint8_t places[FEATURE_COUNT][RANK_SLOTS];
    struct walker level[1 << RANK_LEVELS_MOST];
    struct thresholds thresholds = {.memory = NULL};
    int err = 0;

    group->first_tree = first;
    group->tree_count = 1;
    while (!err && first + group->tree_count < tree_count) {
        err = thresholds_collect(&thresholds, plan->model, first, group->tree_count + 1);
        bool fits = !err && thresholds_slots(&thresholds) <= RANK_SLOTS;
        thresholds_free(&thresholds);
        if (!fits)
            break;
        group->tree_count++;
    }
    if (!err)
        err = thresholds_collect(&thresholds, plan->model, first, group->tree_count);
    if (!err && thresholds_slots(&thresholds) > RANK_SLOTS)
        err = -ENOTSUP;
    if (!err)
        err = rank_slots_make(builder, group, &thresholds, places);
    struct layout layout = {builder, &thresholds, places, level, 0};
    for (uint32_t t = 0; t < group->tree_count && !err; t++)
        err = make_tree(&layout, first + t);
    thresholds_free(&thresholds);
    return err;
}

int rank_plan_new(struct rank_plan **out, const struct dt_model *model)
{
    struct rank_builder builder = {.plan = NULL};
    int err = 0;

    for (uint32_t t = 0; t < model->shape.tree_count; t++) {
        if (model->shape.tree[t].depth > RANK_LEVELS_MOST)
            return -ENOTSUP;
    }
    builder.plan = calloc(1, sizeof(*builder.plan));
    if (!builder.plan)
        return -ENOMEM;
    builder.plan->model = model;
    for (uint32_t t = 0; t < model->shape.tree_count && !err;) {
        err = make_group(&builder, t);
        t += builder.plan->groups[builder.plan->group_count - 1].tree_count;
    }
    if (err) {
        rank_plan_free(builder.plan);
        return err;
    }
    *out = builder.plan;
    return 0;
}

void rank_plan_free(struct rank_plan *plan)
{
    if (!plan)
        return;
    free(plan->tables);
    free(plan);
}
