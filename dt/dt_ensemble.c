// SPDX-License-Identifier: BSD-2-Clause
#include "dt_ensemble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_ensemble_attributes.h"
#include "dt_ensemble_weights.h"
#include "dt_graph.h"

/* The way from a node's two numbers in the file to its place in the arrays. */
struct name {
    int64_t tree;
    int64_t node;
    uint32_t place;
};

struct reader {
    struct dt_ensemble *ensemble;
    const struct onnx_node *node;
    struct dt_attributes attributes;
    struct name *names; /* [node_count], sorted */
    uint8_t *parents;   /* [node_count] how many nodes lead here */
    struct error *error;
};

static int compare_names(const void *a, const void *b)
{
    const struct name *x = a;
    const struct name *y = b;

    if (x->tree != y->tree)
        return x->tree < y->tree ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static const struct name *find_name(const struct reader *reader, int64_t tree, int64_t node)
{
    struct name key = {.tree = tree, .node = node};

    return bsearch(&key, reader->names, reader->ensemble->node_count, sizeof(key), compare_names);
}

/* Sorts the names, finds doubles, and numbers the trees in the order of their numbers. */
static int name_nodes(struct reader *reader)
{
    const struct dt_attributes *a = &reader->attributes;
    struct dt_ensemble *ensemble = reader->ensemble;

    for (uint32_t i = 0; i < ensemble->node_count; i++)
        reader->names[i] = (struct name){a->tree_ids[i], a->node_ids[i], i};
    qsort(reader->names, ensemble->node_count, sizeof(*reader->names), compare_names);
    for (uint32_t i = 0; i < ensemble->node_count; i++) {
        const struct name *name = &reader->names[i];

        if (i == 0 || name->tree != name[-1].tree) {
            if (ensemble->tree_count == DT_TREES_MAX)
                return onnx_node_refuse(reader->node, reader->error, "more than %d trees",
                                        DT_TREES_MAX);
            ensemble->tree_count++;
        } else if (name->node == name[-1].node) {
            return onnx_node_refuse(reader->node, reader->error,
                                    "tree %lld has two nodes of number %lld", (long long)name->tree,
                                    (long long)name->node);
        }
        ensemble->nodes[name->place].tree = ensemble->tree_count - 1;
    }
    return 0;
}

static int read_mode(struct reader *reader, uint32_t place)
{
    static const struct {
        const char *text;
        enum dt_mode mode;
    } modes[] = {
        {"LEAF", DT_MODE_LEAF},      {"BRANCH_LEQ", DT_MODE_LEQ}, {"BRANCH_LT", DT_MODE_LT},
        {"BRANCH_GTE", DT_MODE_GTE}, {"BRANCH_GT", DT_MODE_GT},
    };
    const struct onnx_text *text = &reader->attributes.modes[place];

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (onnx_text_is(text, modes[i].text)) {
            reader->ensemble->nodes[place].mode = modes[i].mode;
            return 0;
        }
    }
    return onnx_node_refuse(reader->node, reader->error, "mode %s of node %u isn't supported",
                            onnx_text_is(text, "BRANCH_EQ")    ? "BRANCH_EQ"
                            : onnx_text_is(text, "BRANCH_NEQ") ? "BRANCH_NEQ"
                                                               : "(unknown)",
                            place);
}

static int read_child(struct reader *reader, uint32_t place, int64_t number, uint32_t *child)
{
    int64_t tree = reader->attributes.tree_ids[place];
    const struct name *name = find_name(reader, tree, number);

    if (!name)
        return onnx_node_refuse(reader->node, reader->error,
                                "tree %lld: node %lld leads to node %lld, which isn't there",
                                (long long)tree, (long long)reader->attributes.node_ids[place],
                                (long long)number);
    if (reader->parents[name->place]++ > 0)
        return onnx_node_refuse(reader->node, reader->error,
                                "tree %lld: two ways lead to node %lld", (long long)tree,
                                (long long)number);
    *child = name->place;
    return 0;
}

static int read_branch(struct reader *reader, uint32_t place)
{
    const struct dt_attributes *a = &reader->attributes;
    struct dt_ensemble_node *node = &reader->ensemble->nodes[place];

    uint32_t features = feature_count(reader->ensemble->feature_set);
    if (a->features[place] < 0 || a->features[place] >= features)
        return onnx_node_refuse(reader->node, reader->error,
                                "tree %lld: node %lld tests feature %lld of %u",
                                (long long)a->tree_ids[place], (long long)a->node_ids[place],
                                (long long)a->features[place], features);
    node->feature = (uint32_t)a->features[place];
    node->value = a->values.values[place];
    int err = read_child(reader, place, a->yes_ids[place], &node->yes);
    return err ? err : read_child(reader, place, a->no_ids[place], &node->no);
}

/* Each node has at most one parent, so a tree with one root that has no island is sound; an island
 * would be a ring, whose nodes can't be reached from the root. */
static int find_roots(struct reader *reader)
{
    struct dt_ensemble *ensemble = reader->ensemble;
    uint32_t *queue = calloc(ensemble->node_count, sizeof(*queue));
    uint32_t filled = 0;

    if (!queue)
        return error_set(reader->error, -ENOMEM, "no memory for %u nodes", ensemble->node_count);
    for (uint32_t i = 0; i < ensemble->tree_count; i++)
        ensemble->root[i] = UINT32_MAX;
    for (uint32_t i = 0; i < ensemble->node_count; i++) {
        uint32_t *root = &ensemble->root[ensemble->nodes[i].tree];

        if (reader->parents[i] > 0)
            continue;
        if (*root != UINT32_MAX) {
            free(queue);
            return onnx_node_refuse(reader->node, reader->error, "tree %lld has two roots",
                                    (long long)reader->attributes.tree_ids[i]);
        }
        *root = i;
        queue[filled++] = i;
    }
    for (uint32_t at = 0; at < filled; at++) {
        const struct dt_ensemble_node *node = &ensemble->nodes[queue[at]];

        if (node->mode == DT_MODE_LEAF)
            continue;
        queue[filled++] = node->yes;
        queue[filled++] = node->no;
    }
    free(queue);
    if (filled != ensemble->node_count)
        return onnx_node_refuse(reader->node, reader->error,
                                "%u of %u nodes can't be reached from a root",
                                ensemble->node_count - filled, ensemble->node_count);
    return 0;
}

static int read_nodes(struct reader *reader)
{
    struct dt_ensemble *ensemble = reader->ensemble;
    int err = name_nodes(reader);

    for (uint32_t i = 0; i < ensemble->node_count && !err; i++) {
        err = read_mode(reader, i);
        if (err)
            break;
        if (ensemble->nodes[i].mode == DT_MODE_LEAF)
            ensemble->nodes[i].row = ensemble->row_count++;
        else
            err = read_branch(reader, i);
    }
    return err ? err : find_roots(reader);
}

/* Puts the weights into the rows of their leaves. */
static int place_weights(struct reader *reader)
{
    const struct dt_attributes *a = &reader->attributes;
    struct dt_ensemble *ensemble = reader->ensemble;
    struct dt_weights weights;
    int err = dt_weights_begin(&weights, ensemble, reader->node, a, reader->error);

    for (size_t i = 0; i < a->weight_count && !err; i++) {
        const struct name *name = find_name(reader, a->weight_trees[i], a->weight_nodes[i]);

        if (!name || ensemble->nodes[name->place].mode != DT_MODE_LEAF)
            err =
                onnx_node_refuse(reader->node, reader->error,
                                 "weight %zu belongs to node %lld of tree %lld, which isn't a leaf",
                                 i, (long long)a->weight_nodes[i], (long long)a->weight_trees[i]);
        else
            err = dt_weights_add(&weights, i, ensemble->nodes[name->place].row);
    }
    return err ? err : dt_weights_end(&weights);
}

int dt_ensemble_read(struct dt_ensemble **out, const struct import *import, struct error *error)
{
    struct dt_ensemble *ensemble = calloc(1, sizeof(*ensemble));
    struct reader reader = {.ensemble = ensemble, .error = error};
    int err;

    if (!ensemble)
        return error_set(error, -ENOMEM, "no memory for the trees");
    ensemble->feature_set = import->feature_set;
    ensemble->class_count = import->class_count;
    err = dt_graph_find(&reader.node, &ensemble->scaling, import->onnx,
                        feature_count(import->feature_set), error);
    if (!err && strcmp(reader.node->op, "TreeEnsemble") == 0) {
        err = dt_ensemble_read_5(out, reader.node, &ensemble->scaling, import, error);
        dt_ensemble_free(ensemble);
        return err;
    }
    if (!err)
        err = dt_graph_check_tail(import->onnx, reader.node, false, false, error);
    if (!err)
        err = dt_attributes_read(&reader.attributes, reader.node, error);
    if (err)
        goto out;
    ensemble->node_count = (uint32_t)reader.attributes.node_count;
    ensemble->nodes = calloc(ensemble->node_count, sizeof(*ensemble->nodes));
    reader.names = calloc(ensemble->node_count, sizeof(*reader.names));
    reader.parents = calloc(ensemble->node_count, sizeof(*reader.parents));
    if (!ensemble->nodes || !reader.names || !reader.parents)
        err = error_set(error, -ENOMEM, "no memory for %u nodes", ensemble->node_count);
    if (!err)
        err = read_nodes(&reader);
    if (!err)
        err = place_weights(&reader);
out:
    dt_attributes_free(&reader.attributes);
    free(reader.names);
    free(reader.parents);
    if (err)
        dt_ensemble_free(ensemble);
    else
        *out = ensemble;
    return err;
}

void dt_ensemble_free(struct dt_ensemble *ensemble)
{
    if (!ensemble)
        return;
    free(ensemble->nodes);
    free(ensemble->weights);
    free(ensemble);
}

bool dt_ensemble_yes(const struct dt_ensemble *ensemble, const struct dt_ensemble_node *node,
                     uint32_t value)
{
    double x = onnx_steps_apply(&ensemble->scaling, node->feature, value);

    switch (node->mode) {
    case DT_MODE_LEQ:
        return x <= node->value;
    case DT_MODE_LT:
        return x < node->value;
    case DT_MODE_GTE:
        return x >= node->value;
    default:
        return x > node->value;
    }
}

uint32_t dt_ensemble_class(const struct dt_ensemble *ensemble, const uint32_t *features)
{
    double sums[CLASSES_MAX] = {0};
    uint32_t best = 0;

    for (uint32_t t = 0; t < ensemble->tree_count; t++) {
        const struct dt_ensemble_node *node = &ensemble->nodes[ensemble->root[t]];

        while (node->mode != DT_MODE_LEAF)
            node =
                &ensemble
                     ->nodes[dt_ensemble_yes(ensemble, node, features[node->feature]) ? node->yes
                                                                                      : node->no];
        for (uint32_t i = 0; i < ensemble->class_count; i++)
            sums[i] += ensemble->weights[(size_t)node->row * ensemble->class_count + i];
    }
    for (uint32_t i = 1; i < ensemble->class_count; i++) {
        if (sums[i] > sums[best])
            best = i;
    }
    return best;
}
