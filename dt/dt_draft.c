// SPDX-License-Identifier: BSD-2-Clause
#include "dt_draft.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt.h"

/* What laying out takes besides the model. */
struct layout {
    struct dt_draft draft;
    struct dt_model *model;
    uint32_t *place;     /* [node_count] which draft node stands at a place */
    bool *used;          /* [node_count] draft nodes that have a place */
    uint32_t *first;     /* [row_count] the first draft row of the same content */
    uint32_t *row_place; /* [row_count] where a draft row stands in the model, plus 1; 0: nowhere */
};

static int put_node(struct layout *layout, uint32_t tree, uint32_t node, struct error *error)
{
    if (node >= layout->draft.node_count)
        return error_set(error, -EINVAL, "tree %u: no node %u among %u", tree, node,
                         layout->draft.node_count);
    if (layout->used[node])
        return error_set(error, -EINVAL, "tree %u: node %u is reached twice", tree, node);
    layout->used[node] = true;
    layout->place[layout->model->node_count++] = node;
    return 0;
}

/* The place of a row in the model; rows of the same content share one. */
static uint32_t put_row(struct layout *layout, uint32_t row)
{
    const struct dt_draft *draft = &layout->draft;
    struct dt_model *model = layout->model;
    uint32_t first = layout->first[row];

    if (layout->row_place[first] == 0) {
        memcpy(model->scores + (size_t)model->row_count * draft->class_count,
               draft->scores + (size_t)first * draft->class_count,
               draft->class_count * sizeof(*draft->scores));
        layout->row_place[first] = ++model->row_count;
    }
    return layout->row_place[first] - 1;
}

static int put_children(struct layout *layout, uint32_t tree, uint32_t at, struct error *error)
{
    const struct dt_draft_node *node = &layout->draft.nodes[layout->place[at]];
    struct dt_node *made = &layout->model->nodes[at];

    if (node->is_leaf) {
        if (node->row >= layout->draft.row_count)
            return error_set(error, -EINVAL, "tree %u: a leaf has row %u of %u", tree, node->row,
                             layout->draft.row_count);
        *made = dt_node_make(DT_LEAF, put_row(layout, node->row), at);
        return 0;
    }
    if (node->feature >= feature_count(layout->draft.feature_set))
        return error_set(error, -EINVAL, "tree %u: a node tests feature %u of %u", tree,
                         node->feature, feature_count(layout->draft.feature_set));
    *made = dt_node_make(node->feature, node->threshold, layout->model->node_count);
    int err = put_node(layout, tree, node->left, error);
    return err ? err : put_node(layout, tree, node->right, error);
}

static int put_tree(struct layout *layout, uint32_t tree, struct error *error)
{
    struct dt_model *model = layout->model;
    uint32_t root = model->node_count;
    uint32_t depth = 0;
    int err = put_node(layout, tree, layout->draft.root[tree], error);

    for (uint32_t at = root, level_end = root + 1; !err && at < model->node_count; at++) {
        if (at == level_end) {
            level_end = model->node_count;
            depth++;
        }
        if (depth > DT_DEPTH_MAX)
            return error_set(error, -EINVAL, "tree %u is deeper than %d", tree, DT_DEPTH_MAX);
        err = put_children(layout, tree, at, error);
    }
    model->shape.tree[tree] = (struct dt_tree){.root = root, .depth = depth};
    return err;
}

/* Rows by content, equal ones by place: the order is the same on every machine. */
static int compare_rows(const void *a, const void *b, void *context)
{
    const struct dt_draft *draft = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    int order = memcmp(draft->scores + (size_t)x * draft->class_count,
                       draft->scores + (size_t)y * draft->class_count,
                       draft->class_count * sizeof(*draft->scores));

    return order ? order : (x > y) - (x < y);
}

/* Finds rows of the same content. */
static int compare_all_rows(struct layout *layout)
{
    const struct dt_draft *draft = &layout->draft;
    size_t row_size = draft->class_count * sizeof(*draft->scores);
    uint32_t *sorted = calloc(draft->row_count, sizeof(*sorted));

    if (!sorted)
        return -ENOMEM;
    for (uint32_t i = 0; i < draft->row_count; i++)
        sorted[i] = i;
    qsort_r(sorted, draft->row_count, sizeof(*sorted), compare_rows, &layout->draft);
    for (uint32_t i = 0, first = 0; i < draft->row_count; i++) {
        if (memcmp(draft->scores + (size_t)sorted[i] * draft->class_count,
                   draft->scores + (size_t)sorted[first] * draft->class_count, row_size) != 0)
            first = i;
        layout->first[sorted[i]] = sorted[first];
    }
    free(sorted);
    return 0;
}

static int check_draft(const struct dt_draft *draft, struct error *error)
{
    if (draft->tree_count < 1 || draft->tree_count > DT_TREES_MAX)
        return error_set(error, -EINVAL, "%u trees, allowed are 1 to %d", draft->tree_count,
                         DT_TREES_MAX);
    if (draft->node_count < 1 || draft->node_count > DT_NODES_MAX)
        return error_set(error, -EINVAL, "%u nodes, allowed are 1 to %d", draft->node_count,
                         DT_NODES_MAX);
    if (draft->class_count < 2 || draft->class_count > CLASSES_MAX)
        return error_set(error, -EINVAL, "%u classes, allowed are 2 to %d", draft->class_count,
                         CLASSES_MAX);
    if (draft->row_count < 1 || draft->row_count > DT_NODES_MAX)
        return error_set(error, -EINVAL, "%u rows of scores, allowed are 1 to %d", draft->row_count,
                         DT_NODES_MAX);
    return 0;
}

int dt_draft_finish(struct dt_model **out, const struct dt_draft *draft, struct error *error)
{
    struct layout layout = {.draft = *draft};
    int err = check_draft(draft, error);

    if (err)
        return err;
    layout.model = dt_model_allocate(draft->node_count, draft->row_count, draft->class_count);
    layout.place = calloc(draft->node_count, sizeof(*layout.place));
    layout.used = calloc(draft->node_count, sizeof(*layout.used));
    layout.first = calloc(draft->row_count, sizeof(*layout.first));
    layout.row_place = calloc(draft->row_count, sizeof(*layout.row_place));
    if (!layout.model || !layout.place || !layout.used || !layout.first || !layout.row_place ||
        compare_all_rows(&layout)) {
        err = error_set(error, -ENOMEM, "no memory for %u nodes", draft->node_count);
    } else {
        layout.model->node_count = 0;
        layout.model->row_count = 0;
        layout.model->shape.feature_set = draft->feature_set;
        layout.model->shape.tree_count = draft->tree_count;
        for (uint32_t tree = 0; tree < draft->tree_count && !err; tree++)
            err = put_tree(&layout, tree, error);
    }
    if (!err && (uint64_t)layout.model->row_count * draft->class_count > DT_CELLS_MAX)
        err = error_set(error, -EINVAL, "%u different rows of %u scores, allowed are %d scores",
                        layout.model->row_count, draft->class_count, DT_CELLS_MAX);
    free(layout.place);
    free(layout.used);
    free(layout.first);
    free(layout.row_place);
    if (err) {
        dt_model_free(layout.model);
        return err;
    }
    *out = layout.model;
    return 0;
}
