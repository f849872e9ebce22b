// SPDX-License-Identifier: BSD-2-Clause
/* The attributes of a TreeEnsembleClassifier, lengths checked, meaning not yet. */
#ifndef AFXDP_DT_ENSEMBLE_ATTRIBUTES_H
#define AFXDP_DT_ENSEMBLE_ATTRIBUTES_H

#include "onnx.h"

/* A list that ONNX keeps as floats or, later, as a tensor. */
struct dt_reals {
    size_t count;
    double *values; /* all finite or, for thresholds, at least not NaN */
};

struct dt_attributes {
    size_t node_count;
    const int64_t *tree_ids; /* [node_count], as are the next five */
    const int64_t *node_ids;
    const int64_t *features;
    const struct onnx_text *modes;
    const int64_t *yes_ids;
    const int64_t *no_ids;
    struct dt_reals values;

    size_t weight_count;
    const int64_t *weight_trees; /* [weight_count], as are the next two */
    const int64_t *weight_nodes;
    const int64_t *weight_classes;
    struct dt_reals weights;

    struct dt_reals base_values;
    struct onnx_text post_transform;
    const struct onnx_text *labels; /* NULL: numbers */
    size_t label_count;
};

/* Pointers are the node's, but for the reals: dt_attributes_free, also after a failure. */
int dt_attributes_read(struct dt_attributes *attributes, const struct onnx_node *node,
                       struct error *error);
void dt_attributes_free(struct dt_attributes *attributes);

#endif
