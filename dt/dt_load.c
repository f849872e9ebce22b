// SPDX-License-Identifier: BSD-2-Clause
#include "dt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct dt_payload) == 16, "no padding");
_Static_assert(sizeof(struct dt_tree) == 8, "no padding");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the payload is copied as it is");

static int check_payload(const struct dt_payload *payload, const struct q8 *file,
                         struct error *error)
{
    if (payload->tree_count < 1 || payload->tree_count > DT_TREES_MAX)
        return error_set(error, -EINVAL, "%u trees, allowed are 1 to %d", payload->tree_count,
                         DT_TREES_MAX);
    if (payload->node_count < payload->tree_count || payload->node_count > DT_NODES_MAX)
        return error_set(error, -EINVAL, "%u nodes in %u trees, allowed are at most %d",
                         payload->node_count, payload->tree_count, DT_NODES_MAX);
    if (payload->row_count < 1 || payload->row_count > payload->node_count ||
        (uint64_t)payload->row_count * file->class_count > DT_CELLS_MAX)
        return error_set(error, -EINVAL, "%u rows of %u scores for %u nodes, allowed are %d scores",
                         payload->row_count, file->class_count, payload->node_count, DT_CELLS_MAX);
    if (payload->reserved != 0)
        return error_set(error, -EINVAL, "reserved bytes of the trees are not zero");

    uint64_t size = sizeof(*payload) + payload->tree_count * sizeof(struct dt_tree) +
                    payload->node_count * sizeof(struct dt_node) +
                    (uint64_t)payload->row_count * file->class_count * sizeof(int32_t);
    if (size != file->payload_size)
        return error_set(error, -EINVAL, "the trees take %llu bytes, the payload has %zu",
                         (unsigned long long)size, file->payload_size);
    return 0;
}

struct dt_model *dt_model_allocate(uint32_t node_count, uint32_t row_count, uint32_t class_count)
{
    size_t nodes_size = node_count * sizeof(struct dt_node);
    size_t scores_size = (size_t)row_count * class_count * sizeof(int32_t);
    struct dt_model *model = calloc(1, sizeof(*model) + nodes_size + scores_size);

    if (!model)
        return NULL;
    model->shape.class_count = class_count;
    model->node_count = node_count;
    model->row_count = row_count;
    model->nodes = (struct dt_node *)(void *)(model + 1);
    model->scores = (int32_t *)(void *)(model->nodes + node_count);
    return model;
}

/* Where a tree's nodes end. */
static uint32_t tree_end(const struct dt_model *model, uint32_t tree)
{
    return tree + 1 < model->shape.tree_count ? model->shape.tree[tree + 1].root
                                              : model->node_count;
}

static int check_node(const struct dt_model *model, uint32_t tree, uint32_t at, uint8_t *level,
                      struct error *error)
{
    const struct dt_node *node = &model->nodes[at];
    uint32_t value = dt_node_value(node);
    uint32_t left = dt_node_left(node);

    if (level[at] == 0)
        return error_set(error, -EINVAL, "tree %u: node %u is nobody's child", tree, at);
    if (dt_node_is_leaf(node)) {
        if (left != at)
            return error_set(error, -EINVAL, "tree %u: leaf %u leads to node %u", tree, at, left);
        if (node->threshold >= model->row_count)
            return error_set(error, -EINVAL, "tree %u: leaf %u has row %u of %u", tree, at,
                             node->threshold, model->row_count);
        return 0;
    }
    if (value >= feature_count(model->shape.feature_set))
        return error_set(error, -EINVAL, "tree %u: node %u tests feature %u of %u", tree, at, value,
                         feature_count(model->shape.feature_set));
    if (left <= at || left + 1 >= tree_end(model, tree))
        return error_set(error, -EINVAL, "tree %u: node %u has children %u and %u outside %u..%u",
                         tree, at, left, left + 1, at + 1, tree_end(model, tree) - 1);
    if (level[left] != 0 || level[left + 1] != 0)
        return error_set(error, -EINVAL, "tree %u: node %u has children of another node", tree, at);
    if (level[at] > DT_DEPTH_MAX)
        return error_set(error, -EINVAL, "tree %u is deeper than %d", tree, DT_DEPTH_MAX);
    level[left] = level[left + 1] = (uint8_t)(level[at] + 1);
    return 0;
}

/* `level` has a zero per node and becomes 1 for roots, 2 for their children, and so on. */
static int check_tree(const struct dt_model *model, uint32_t tree, uint8_t *level,
                      struct error *error)
{
    uint32_t root = model->shape.tree[tree].root;
    uint32_t end = tree_end(model, tree);
    uint32_t depth = 0;

    if (end <= root || end > model->node_count || (tree == 0 && root != 0))
        return error_set(error, -EINVAL, "tree %u has nodes %u to %u of %u", tree, root, end,
                         model->node_count);
    level[root] = 1;
    for (uint32_t at = root; at < end; at++) {
        int err = check_node(model, tree, at, level, error);
        if (err)
            return err;
        if (level[at] - 1U > depth)
            depth = level[at] - 1U;
    }
    if (depth != model->shape.tree[tree].depth)
        return error_set(error, -EINVAL, "tree %u is %u deep, the file says %u", tree, depth,
                         model->shape.tree[tree].depth);
    return 0;
}

static uint32_t row_largest(const int32_t *row, uint32_t class_count)
{
    uint32_t largest = 0;

    for (uint32_t i = 0; i < class_count; i++) {
        uint32_t size = row[i] < 0 ? 0 - (uint32_t)row[i] : (uint32_t)row[i];
        if (size > largest)
            largest = size;
    }
    return largest;
}

/* The proof that no sum overflows: each tree's largest score, all of them together. */
static int check_scores(const struct dt_model *model, struct error *error)
{
    uint32_t class_count = model->shape.class_count;
    uint64_t sum = 0;

    for (uint32_t tree = 0; tree < model->shape.tree_count; tree++) {
        uint32_t largest = 0;

        for (uint32_t at = model->shape.tree[tree].root; at < tree_end(model, tree); at++) {
            const struct dt_node *node = &model->nodes[at];
            if (!dt_node_is_leaf(node))
                continue;
            uint32_t size =
                row_largest(model->scores + (size_t)node->threshold * class_count, class_count);
            if (size > largest)
                largest = size;
        }
        sum += largest;
    }
    if (sum > INT32_MAX)
        return error_set(error, -EINVAL, "scores of %u trees can add up to %llu, at most %d fit",
                         model->shape.tree_count, (unsigned long long)sum, INT32_MAX);
    return 0;
}

/* A row that no leaf has would be carried along for nothing. */
static int check_rows(const struct dt_model *model, struct error *error)
{
    uint8_t *used = calloc(model->row_count, 1);
    uint32_t row = 0;

    if (!used)
        return error_set(error, -ENOMEM, "no memory to check %u rows", model->row_count);
    for (uint32_t at = 0; at < model->node_count; at++) {
        if (dt_node_is_leaf(&model->nodes[at]))
            used[model->nodes[at].threshold] = 1;
    }
    while (row < model->row_count && used[row])
        row++;
    free(used);
    if (row < model->row_count)
        return error_set(error, -EINVAL, "no leaf has row %u of %u", row, model->row_count);
    return 0;
}

static int check_model(const struct dt_model *model, struct error *error)
{
    uint8_t *level = calloc(model->node_count, 1);
    int err = 0;

    if (!level)
        return error_set(error, -ENOMEM, "no memory to check %u nodes", model->node_count);
    for (uint32_t tree = 0; tree < model->shape.tree_count && !err; tree++)
        err = check_tree(model, tree, level, error);
    free(level);
    if (!err)
        err = check_rows(model, error);
    return err ? err : check_scores(model, error);
}

/* From the form of version 1. What `left` may be is check_node's business, but it has to fit. */
static int convert_nodes(struct dt_model *model, struct error *error)
{
    for (uint32_t at = 0; at < model->node_count; at++) {
        struct dt_node *node = &model->nodes[at];
        uint32_t left = node->link >> DT_VALUE_BITS_1;
        uint32_t value = node->link & ((1U << DT_VALUE_BITS_1) - 1);

        if (left >= model->node_count)
            return error_set(error, -EINVAL, "node %u leads to node %u of %u", at, left,
                             model->node_count);
        *node = dt_node_make(value == DT_LEAF_1 ? DT_LEAF : value, node->threshold, left);
    }
    return 0;
}

int dt_model_load(struct dt_model **out, const struct q8 *file, struct error *error)
{
    struct dt_payload payload;

    if (file->kind != Q8_DT)
        return error_set(error, -EINVAL, "the model is not a tree or a forest");
    if (file->class_count < 2 || file->class_count > CLASSES_MAX)
        return error_set(error, -EINVAL, "%u classes, allowed are 2 to %d", file->class_count,
                         CLASSES_MAX);
    if (file->payload_size < sizeof(payload))
        return error_set(error, -EINVAL, "the payload has only %zu bytes", file->payload_size);
    memcpy(&payload, file->payload, sizeof(payload));
    int err = check_payload(&payload, file, error);
    if (err)
        return err;

    struct dt_model *model =
        dt_model_allocate(payload.node_count, payload.row_count, file->class_count);
    if (!model)
        return error_set(error, -ENOMEM, "no memory for %u nodes", payload.node_count);
    model->shape.feature_set = file->feature_set;
    model->shape.tree_count = payload.tree_count;
    model->shape.confidence = file->confidence;

    const uint8_t *cursor = file->payload + sizeof(payload);
    memcpy(model->shape.tree, cursor, payload.tree_count * sizeof(struct dt_tree));
    cursor += payload.tree_count * sizeof(struct dt_tree);
    memcpy(model->nodes, cursor, payload.node_count * sizeof(struct dt_node));
    cursor += payload.node_count * sizeof(struct dt_node);
    memcpy(model->scores, cursor, (size_t)payload.row_count * file->class_count * sizeof(int32_t));

    if (model->shape.feature_set == FEATURE_SET_1)
        err = convert_nodes(model, error);
    if (!err)
        err = check_model(model, error);
    if (err) {
        dt_model_free(model);
        return err;
    }
    *out = model;
    return 0;
}

void dt_model_free(struct dt_model *model)
{
    free(model);
}

/* Links as they stand in version 1, into the bytes of the nodes. */
static void restore_links(uint8_t *bytes, const struct dt_model *model)
{
    for (uint32_t at = 0; at < model->node_count; at++, bytes += sizeof(struct dt_node)) {
        const struct dt_node *node = &model->nodes[at];
        uint32_t value = dt_node_is_leaf(node) ? (uint32_t)DT_LEAF_1 : dt_node_value(node);
        uint32_t link = dt_node_left(node) << DT_VALUE_BITS_1 | value;

        memcpy(bytes + offsetof(struct dt_node, link), &link, sizeof(link));
    }
}

int dt_model_encode(const struct dt_model *model, uint8_t **out, size_t *size, struct error *error)
{
    struct dt_payload payload = {
        .tree_count = model->shape.tree_count,
        .node_count = model->node_count,
        .row_count = model->row_count,
    };
    struct {
        const void *bytes;
        size_t size;
    } parts[] = {
        {&payload, sizeof(payload)},
        {model->shape.tree, payload.tree_count * sizeof(struct dt_tree)},
        {model->nodes, payload.node_count * sizeof(struct dt_node)},
        {model->scores,
         (size_t)payload.row_count * model->shape.class_count * sizeof(*model->scores)},
    };
    size_t total = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        total += parts[i].size;
    uint8_t *bytes = malloc(total);
    if (!bytes)
        return error_set(error, -ENOMEM, "no memory for a payload of %zu bytes", total);
    total = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy(bytes + total, parts[i].bytes, parts[i].size);
        total += parts[i].size;
    }
    if (model->shape.feature_set == FEATURE_SET_1)
        restore_links(bytes + parts[0].size + parts[1].size, model);
    *out = bytes;
    *size = total;
    return 0;
}
