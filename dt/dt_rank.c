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
    if (tree->levels > plan->levels)
        tree->levels = plan->levels;
    tree->rest = from->depth > tree->levels ? from->depth - tree->levels : 0;
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
    for (uint32_t i = 0; i < layout->count; i++) {
        uint32_t node = layout->level[i].node;

        ends[layout->level[i].place] = tree->rest ? node : plan->model->nodes[node].threshold;
    }
    return 0;
}

/* Whether the upper levels of `tree_count` trees have few enough thresholds; -ENOMEM. */
static int fits(const struct rank_builder *builder, uint32_t first, uint32_t tree_count,
                uint32_t levels)
{
    struct thresholds thresholds;
    int err = thresholds_collect(&thresholds, builder, first, tree_count, levels);
    bool few = !err && thresholds_slots(&thresholds) <= builder->plan->slots_most;

    thresholds_free(&thresholds);
    return err ? err : few;
}

/* Takes as many trees from `first` on as fit together. */
static int make_group(struct rank_builder *builder, uint32_t first)
{
    struct rank_plan *plan = builder->plan;
    struct rank_group *group = &plan->groups[plan->group_count++];
    uint8_t places[FEATURES_MAX][RANK_SLOTS];
    struct walker level[1 << RANK_LEVELS_MOST];
    struct thresholds thresholds = {.memory = NULL};
    int err = 1;

    group->first_tree = first;
    group->tree_count = 0;
    do {
        group->tree_count++;
        if (first + group->tree_count == plan->model->shape.tree_count ||
            group->tree_count == RANK_TREES_MOST)
            break;
        err = fits(builder, first, group->tree_count + 1, plan->levels);
    } while (err > 0);
    if (err >= 0)
        err = thresholds_collect(&thresholds, builder, first, group->tree_count, plan->levels);
    if (!err)
        err = rank_slots_make(builder, group, &thresholds, places);
    struct layout layout = {builder, &thresholds, places, level, 0};
    for (uint32_t t = 0; t < group->tree_count && !err; t++)
        err = make_tree(&layout, first + t);
    thresholds_free(&thresholds);
    return err;
}

static int find_levels(struct rank_builder *builder)
{
    const struct dt_model *model = builder->plan->model;

    builder->level_of = calloc(model->node_count, sizeof(*builder->level_of));
    if (!builder->level_of)
        return -ENOMEM;
    for (uint32_t at = 0; at < model->node_count; at++) { /* children come after their parent */
        uint32_t left = dt_node_left(&model->nodes[at]);

        if (!dt_node_is_leaf(&model->nodes[at]))
            builder->level_of[left] = builder->level_of[left + 1] =
                (uint8_t)(builder->level_of[at] + 1);
    }
    return 0;
}

/* The most levels that leave every tree room; those of RANK_MOST thresholds always do. */
static int choose_levels(struct rank_builder *builder)
{
    struct rank_plan *plan = builder->plan;

    plan->levels = RANK_LEVELS_MOST;
    for (uint32_t t = 0; t < plan->model->shape.tree_count;) {
        int err = fits(builder, t, 1, plan->levels);

        if (err < 0)
            return err;
        if (err)
            t++;
        else
            plan->levels -= 2;
    }
    return 0;
}

int rank_plan_new(struct rank_plan **out, const struct dt_model *model)
{
    struct rank_builder builder = {.plan = calloc(1, sizeof(struct rank_plan))};

    if (!builder.plan)
        return -ENOMEM;
    builder.plan->model = model;
    builder.plan->slots_most =
        model->shape.feature_set == FEATURE_SET_2 ? RANK_SLOTS : RANK_SLOTS_1;
    builder.plan->groups = calloc(model->shape.tree_count, sizeof(*builder.plan->groups));
    builder.plan->trees = calloc(model->shape.tree_count, sizeof(*builder.plan->trees));
    int err = builder.plan->groups && builder.plan->trees ? find_levels(&builder) : -ENOMEM;
    if (!err)
        err = choose_levels(&builder);
    for (uint32_t t = 0; t < model->shape.tree_count && !err;) {
        err = make_group(&builder, t);
        t += builder.plan->groups[builder.plan->group_count - 1].tree_count;
    }
    free(builder.level_of);
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
    free(plan->groups);
    free(plan->trees);
    free(plan->tables);
    free(plan);
}
