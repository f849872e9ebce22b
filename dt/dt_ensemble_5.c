// SPDX-License-Identifier: BSD-2-Clause
/* ai.onnx.ml 5's TreeEnsemble: branches and leaves in lists of their own, operators by number. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_graph.h"
#include "dt_grow.h"

enum { TRANSFORM_NONE, TRANSFORM_SOFTMAX, TRANSFORM_LOGISTIC };
enum { AGGREGATE_AVERAGE, AGGREGATE_SUM };

struct attributes {
    const int64_t *features, *yes, *no, *yes_leaf, *no_leaf, *roots, *targets;
    size_t branch_count;
    size_t root_count;
    size_t leaf_count;
    struct onnx_tensor *modes, *thresholds, *numbers;
    int64_t target_count, aggregate, transform;
};

static int read_list(const struct onnx_node *node, const char *name, const int64_t **list,
                     size_t *count, bool first, struct error *error)
{
    size_t found;
    int err = onnx_attribute_ints(node, name, list, &found, error);

    if (!err && !first && found != *count)
        err = onnx_node_refuse(node, error, "attribute '%s' has %zu entries, expected %zu", name,
                               found, *count);
    *count = err ? 0 : found;
    return err;
}

static int read_lists(struct attributes *a, const struct onnx_node *node, struct error *error)
{
    int err = read_list(node, "nodes_featureids", &a->features, &a->branch_count, true, error);

    if (!err)
        err = read_list(node, "nodes_truenodeids", &a->yes, &a->branch_count, false, error);
    if (!err)
        err = read_list(node, "nodes_falsenodeids", &a->no, &a->branch_count, false, error);
    if (!err)
        err = read_list(node, "nodes_trueleafs", &a->yes_leaf, &a->branch_count, false, error);
    if (!err)
        err = read_list(node, "nodes_falseleafs", &a->no_leaf, &a->branch_count, false, error);
    if (!err)
        err = read_list(node, "tree_roots", &a->roots, &a->root_count, true, error);
    if (!err)
        err = read_list(node, "leaf_targetids", &a->targets, &a->leaf_count, true, error);
    if (!err &&
        (a->branch_count < 1 || a->branch_count > DT_NODES_MAX || a->leaf_count > DT_NODES_MAX))
        err = onnx_node_refuse(node, error, "%zu nodes and %zu leaves, allowed are 1 to %d",
                               a->branch_count, a->leaf_count, DT_NODES_MAX);
    return err;
}

static int read_tensors(struct attributes *a, const struct onnx_node *node, struct error *error)
{
    int err = onnx_attribute_tensor(node, "nodes_modes", &a->modes, error);

    if (!err)
        err = onnx_attribute_tensor(node, "nodes_splits", &a->thresholds, error);
    if (!err)
        err = onnx_attribute_tensor(node, "leaf_weights", &a->numbers, error);
    if (err)
        return err;
    if (!a->modes || !a->modes->integers || a->modes->count != a->branch_count || !a->thresholds ||
        !a->thresholds->reals || a->thresholds->count != a->branch_count || !a->numbers ||
        !a->numbers->reals || a->numbers->count != a->leaf_count)
        return onnx_node_refuse(node, error,
                                "its modes, splits or leaf weights don't suit its nodes");
    return 0;
}

static int read_attributes(struct attributes *a, const struct onnx_node *node, struct error *error)
{
    static const char *const known[] = {"aggregate_function",
                                        "leaf_targetids",
                                        "leaf_weights",
                                        "n_targets",
                                        "nodes_falseleafs",
                                        "nodes_falsenodeids",
                                        "nodes_featureids",
                                        "nodes_hitrates",
                                        "nodes_missing_value_tracks_true",
                                        "nodes_modes",
                                        "nodes_splits",
                                        "nodes_trueleafs",
                                        "nodes_truenodeids",
                                        "post_transform",
                                        "tree_roots",
                                        NULL};
    int err = onnx_check_attributes(node, known, error);

    a->aggregate = AGGREGATE_SUM;
    a->target_count = 1;
    if (!err)
        err = onnx_attribute_int(node, "aggregate_function", &a->aggregate, error);
    if (!err)
        err = onnx_attribute_int(node, "post_transform", &a->transform, error);
    if (!err)
        err = onnx_attribute_int(node, "n_targets", &a->target_count, error);
    if (!err && a->aggregate != AGGREGATE_SUM && a->aggregate != AGGREGATE_AVERAGE)
        err = onnx_node_refuse(node, error, "aggregate_function %lld isn't supported, sums are",
                               (long long)a->aggregate);
    if (!err && (a->transform < TRANSFORM_NONE || a->transform > TRANSFORM_LOGISTIC))
        err = onnx_node_refuse(node, error, "post_transform %lld isn't supported",
                               (long long)a->transform);
    if (!err)
        err = read_lists(a, node, error);
    return err ? err : read_tensors(a, node, error);
}

/* Leaves stand behind the branches in the source. */
static int make_branch(struct dt_source_node *made, const struct attributes *a, size_t i,
                       const struct onnx_node *node, struct error *error)
{
    static const enum dt_mode modes[] = {DT_MODE_LEQ, DT_MODE_LT, DT_MODE_GTE, DT_MODE_GT};
    int64_t mode = a->modes->integers[i];
    int64_t yes_end = (int64_t)(a->yes_leaf[i] ? a->leaf_count : a->branch_count);
    int64_t no_end = (int64_t)(a->no_leaf[i] ? a->leaf_count : a->branch_count);

    if (mode < 0 || mode >= (int64_t)(sizeof(modes) / sizeof(modes[0])))
        return onnx_node_refuse(node, error, "mode %lld of node %zu isn't supported",
                                (long long)mode, i);
    if (a->yes[i] < 0 || a->yes[i] >= yes_end || a->no[i] < 0 || a->no[i] >= no_end)
        return onnx_node_refuse(node, error, "node %zu leads to a node that isn't there", i);
    if (a->features[i] < 0 || a->features[i] > UINT16_MAX)
        return onnx_node_refuse(node, error, "node %zu tests feature %lld", i,
                                (long long)a->features[i]);
    *made = (struct dt_source_node){
        .mode = modes[mode],
        .feature = (uint32_t)a->features[i],
        .value = a->thresholds->reals[i],
        .yes = (uint32_t)a->yes[i] + (a->yes_leaf[i] ? (uint32_t)a->branch_count : 0),
        .no = (uint32_t)a->no[i] + (a->no_leaf[i] ? (uint32_t)a->branch_count : 0),
    };
    return 0;
}

static int make_nodes(struct dt_source_node *nodes, const struct attributes *a,
                      const struct onnx_node *node, struct error *error)
{
    int err = 0;

    for (size_t i = 0; !err && i < a->branch_count; i++)
        err = make_branch(&nodes[i], a, i, node, error);
    for (size_t i = 0; !err && i < a->leaf_count; i++) {
        if (a->targets[i] < 0 || a->targets[i] >= a->target_count)
            return onnx_node_refuse(node, error, "leaf %zu belongs to target %lld of %lld", i,
                                    (long long)a->targets[i], (long long)a->target_count);
        nodes[a->branch_count + i] = (struct dt_source_node){
            .mode = DT_MODE_LEAF,
            .class_index = a->target_count == 1 ? 1 : (uint32_t)a->targets[i],
            .value = a->numbers->reals[i],
        };
    }
    return err;
}

/* One column is a probability where nothing is negative or transformed, as TreeEnsembleClassifier
 * has it: the second class then wins above 1/2, else above 0. */
static bool is_probability(const struct attributes *a)
{
    for (size_t i = 0; i < a->leaf_count; i++) {
        if (a->numbers->reals[i] < 0)
            return false;
    }
    return a->transform == TRANSFORM_NONE;
}

static int grow(struct dt_ensemble **out, const struct attributes *a,
                const struct onnx_steps *scaling, const struct onnx_node *node,
                const struct import *import, struct error *error)
{
    size_t count = a->branch_count + a->leaf_count;
    struct dt_source_node *nodes = calloc(count, sizeof(*nodes));
    double factor = a->aggregate == AGGREGATE_AVERAGE ? 1 / (double)a->root_count : 1;
    double base[CLASSES_MAX] = {a->target_count == 1 && is_probability(a) ? 0.5 : 0};
    struct dt_grow grow = {.ensemble = NULL};
    int err = nodes ? make_nodes(nodes, a, node, error)
                    : error_set(error, -ENOMEM, "no memory for %zu nodes", count);

    if (!err)
        err = dt_grow_begin(&grow, import->feature_set, import->class_count, error);
    if (!err)
        grow.ensemble->scaling = *scaling;
    for (size_t t = 0; !err && t < a->root_count; t++)
        err = dt_grow_tree(&grow, nodes, (uint32_t)count,
                           a->roots[t] < 0 || a->roots[t] > UINT32_MAX ? UINT32_MAX
                                                                       : (uint32_t)a->roots[t],
                           factor);
    if (!err)
        err = dt_grow_end(&grow, base);
    free(nodes);
    if (err)
        dt_ensemble_free(grow.ensemble);
    else
        *out = grow.ensemble;
    return err;
}

int dt_ensemble_read_5(struct dt_ensemble **out, const struct onnx_node *node,
                       const struct onnx_steps *scaling, const struct import *import,
                       struct error *error)
{
    struct attributes a = {0};
    int err = read_attributes(&a, node, error);
    bool one_column = a.target_count == 1;

    if (!err && a.target_count != import->class_count && !(one_column && import->class_count == 2))
        err = onnx_node_refuse(node, error, "%lld targets for %u classes",
                               (long long)a.target_count, import->class_count);
    if (!err)
        err = dt_graph_check_tail(import->onnx, node, one_column,
                                  is_probability(&a) || a.transform == TRANSFORM_LOGISTIC, error);
    if (!err)
        err = grow(out, &a, scaling, node, import, error);
    onnx_tensor_free(a.modes);
    onnx_tensor_free(a.thresholds);
    onnx_tensor_free(a.numbers);
    return err;
}
