// SPDX-License-Identifier: BSD-2-Clause
#include "dt_ensemble_attributes.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt_model.h"

/* Those of ai.onnx.ml 1 and 3. Hit rates count training rows; where NaN goes doesn't matter, since
 * no feature is ever NaN. */
static const char *const known[] = {
    "base_values",
    "base_values_as_tensor",
    "class_ids",
    "class_nodeids",
    "class_treeids",
    "class_weights",
    "class_weights_as_tensor",
    "classlabels_int64s",
    "classlabels_strings",
    "nodes_falsenodeids",
    "nodes_featureids",
    "nodes_hitrates",
    "nodes_hitrates_as_tensor",
    "nodes_missing_value_tracks_true",
    "nodes_modes",
    "nodes_nodeids",
    "nodes_treeids",
    "nodes_truenodeids",
    "nodes_values",
    "nodes_values_as_tensor",
    "post_transform",
    NULL,
};

static int reals_begin(struct dt_reals *reals, size_t count, struct error *error)
{
    reals->count = count;
    reals->values = calloc(count ? count : 1, sizeof(*reals->values));
    return reals->values ? 0 : error_set(error, -ENOMEM, "no memory for %zu numbers", count);
}

static int reals_check(const struct dt_reals *reals, const struct onnx_node *node, const char *name,
                       struct error *error)
{
    for (size_t i = 0; i < reals->count; i++) {
        if (isnan(reals->values[i]))
            return onnx_node_refuse(node, error, "attribute '%s' has a NaN at %zu", name, i);
    }
    return 0;
}

/* `name` as a list of floats, or `name`_as_tensor; an empty list where neither is there. */
static int reals_read(struct dt_reals *reals, const struct onnx_node *node, const char *name,
                      struct error *error)
{
    struct onnx_tensor *tensor = NULL;
    const float *floats;
    size_t count;
    char longer[64];
    int err = onnx_attribute_floats(node, name, &floats, &count, error);

    if (err)
        return err;
    snprintf(longer, sizeof(longer), "%s_as_tensor", name);
    err = onnx_attribute_tensor(node, longer, &tensor, error);
    if (err)
        return err;
    if (tensor && count > 0)
        err = onnx_node_refuse(node, error, "both '%s' and '%s' are there", name, longer);
    else if (tensor && !tensor->reals)
        err = onnx_node_refuse(node, error, "attribute '%s' has no real numbers", longer);
    const double *doubles = tensor ? tensor->reals : NULL;
    if (!err)
        err = reals_begin(reals, tensor ? tensor->count : count, error);
    for (size_t i = 0; !err && i < reals->count; i++)
        reals->values[i] = doubles ? doubles[i] : (double)floats[i];
    onnx_tensor_free(tensor);
    return err ? err : reals_check(reals, node, name, error);
}

/* A list of `count` integers, which is what lists that describe the same things must have. */
static int ints_read(const int64_t **list, size_t count, const struct onnx_node *node,
                     const char *name, struct error *error)
{
    size_t found;
    int err = onnx_attribute_ints(node, name, list, &found, error);

    if (!err && found != count)
        err = onnx_node_refuse(node, error, "attribute '%s' has %zu entries, expected %zu", name,
                               found, count);
    return err;
}

static int read_nodes(struct dt_attributes *a, const struct onnx_node *node, struct error *error)
{
    size_t modes;
    int err = onnx_attribute_texts(node, "nodes_modes", &a->modes, &modes, error);

    a->node_count = modes;
    if (!err && (modes < 1 || modes > DT_NODES_MAX))
        err = onnx_node_refuse(node, error, "%zu nodes, allowed are 1 to %d", modes, DT_NODES_MAX);
    if (!err)
        err = ints_read(&a->tree_ids, modes, node, "nodes_treeids", error);
    if (!err)
        err = ints_read(&a->node_ids, modes, node, "nodes_nodeids", error);
    if (!err)
        err = ints_read(&a->features, modes, node, "nodes_featureids", error);
    if (!err)
        err = ints_read(&a->yes_ids, modes, node, "nodes_truenodeids", error);
    if (!err)
        err = ints_read(&a->no_ids, modes, node, "nodes_falsenodeids", error);
    if (!err)
        err = reals_read(&a->values, node, "nodes_values", error);
    if (!err && a->values.count != modes)
        err =
            onnx_node_refuse(node, error, "attribute 'nodes_values' has %zu entries, expected %zu",
                             a->values.count, modes);
    return err;
}

static int read_weights(struct dt_attributes *a, const struct onnx_node *node, struct error *error)
{
    int err = reals_read(&a->weights, node, "class_weights", error);

    a->weight_count = a->weights.count;
    if (!err)
        err = ints_read(&a->weight_trees, a->weight_count, node, "class_treeids", error);
    if (!err)
        err = ints_read(&a->weight_nodes, a->weight_count, node, "class_nodeids", error);
    if (!err)
        err = ints_read(&a->weight_classes, a->weight_count, node, "class_ids", error);
    if (!err)
        err = reals_read(&a->base_values, node, "base_values", error);
    for (size_t i = 0; !err && i < a->weight_count; i++) {
        if (!isfinite(a->weights.values[i]))
            err = onnx_node_refuse(node, error, "class weight %zu is infinite", i);
    }
    for (size_t i = 0; !err && i < a->base_values.count; i++) {
        if (!isfinite(a->base_values.values[i]))
            err = onnx_node_refuse(node, error, "base value %zu is infinite", i);
    }
    return err;
}

static int read_labels(struct dt_attributes *a, const struct onnx_node *node, struct error *error)
{
    const int64_t *numbers;
    size_t number_count;
    int err = onnx_attribute_texts(node, "classlabels_strings", &a->labels, &a->label_count, error);

    if (!err)
        err = onnx_attribute_ints(node, "classlabels_int64s", &numbers, &number_count, error);
    if (err)
        return err;
    if (a->label_count > 0 && number_count > 0)
        return onnx_node_refuse(node, error, "it has class labels of both kinds");
    if (number_count > 0)
        a->label_count = number_count;
    return 0;
}

int dt_attributes_read(struct dt_attributes *a, const struct onnx_node *node, struct error *error)
{
    memset(a, 0, sizeof(*a));
    a->post_transform = (struct onnx_text){4, "NONE"};

    int err = onnx_check_attributes(node, known, error);
    if (!err)
        err = read_nodes(a, node, error);
    if (!err)
        err = read_weights(a, node, error);
    if (!err)
        err = read_labels(a, node, error);
    if (!err)
        err = onnx_attribute_text(node, "post_transform", &a->post_transform, error);
    return err;
}

void dt_attributes_free(struct dt_attributes *a)
{
    free(a->values.values);
    free(a->weights.values);
    free(a->base_values.values);
}
