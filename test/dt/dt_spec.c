// SPDX-License-Identifier: BSD-2-Clause
#include "dt_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "onnx_writer.h"

void spec_node(struct spec *spec, int64_t tree, int64_t id, const char *mode, int64_t feature,
               float value, int64_t yes, int64_t no)
{
    size_t i = spec->node_count++;

    spec->tree[i] = tree;
    spec->id[i] = id;
    spec->mode[i] = mode;
    spec->feature[i] = feature;
    spec->value[i] = value;
    spec->yes[i] = yes;
    spec->no[i] = no;
}

void spec_weight(struct spec *spec, int64_t tree, int64_t id, int64_t class_id, float weight)
{
    size_t i = spec->weight_count++;

    spec->weight_tree[i] = tree;
    spec->weight_node[i] = id;
    spec->weight_class[i] = class_id;
    spec->weight[i] = weight;
}

struct spec spec_stump(const char *mode, int64_t feature, float value)
{
    struct spec spec = {.classes = "[\"a\", \"b\"]", .width = FEATURES_1};

    spec_node(&spec, 0, 0, mode, feature, value, 1, 2);
    spec_node(&spec, 0, 1, "LEAF", 0, 0, 0, 0);
    spec_node(&spec, 0, 2, "LEAF", 0, 0, 0, 0);
    spec_weight(&spec, 0, 1, 0, 1);
    spec_weight(&spec, 0, 2, 1, 1);
    return spec;
}

static struct buffer write_node(const struct spec *spec)
{
    struct buffer node = node_begin("trees", "TreeEnsembleClassifier", "input", "label scores");

    put_text(&node, NODE_DOMAIN, "ai.onnx.ml");
    node_ints(&node, "nodes_treeids", spec->tree, spec->node_count);
    node_ints(&node, "nodes_nodeids", spec->id, spec->node_count);
    node_ints(&node, "nodes_featureids", spec->feature, spec->node_count);
    node_texts(&node, "nodes_modes", spec->mode, spec->node_count);
    node_floats(&node, "nodes_values", spec->value, spec->node_count);
    node_ints(&node, "nodes_truenodeids", spec->yes, spec->node_count);
    node_ints(&node, "nodes_falsenodeids", spec->no, spec->node_count);
    node_ints(&node, "class_treeids", spec->weight_tree, spec->weight_count);
    node_ints(&node, "class_nodeids", spec->weight_node, spec->weight_count);
    node_ints(&node, "class_ids", spec->weight_class, spec->weight_count);
    node_floats(&node, "class_weights", spec->weight, spec->weight_count);
    if (spec->base_count > 0)
        node_floats(&node, "base_values", spec->base, spec->base_count);
    if (spec->post_transform)
        node_text(&node, "post_transform", spec->post_transform);
    if (spec->label_count > 0)
        node_texts(&node, "classlabels_strings", spec->labels, spec->label_count);
    if (spec->extra)
        node_float(&node, spec->extra, 1);
    return node;
}

int spec_import(struct q8 **out, const struct spec *spec, struct error *error)
{
    struct buffer node = write_node(spec);
    struct buffer model = {0}, graph = {0};
    uint32_t set = spec->feature_set ? spec->feature_set : FEATURE_SET_1;
    uint32_t rows[3 * FEATURES_MAX] = {0};
    int16_t labels[3] = {0, 1, -1};
    struct import import = {.feature_set = set, .features = rows, .labels = labels, .rows = 3};
    struct import_report report = {0};
    struct onnx *onnx = NULL;

    memcpy(rows + feature_count(set), (const uint32_t[]){1, 2, 3}, 3 * sizeof(*rows));
    rows[2 * feature_count(set)] = UINT32_MAX;
    graph_value(&graph, GRAPH_INPUT, "input", spec->width);
    put_message(&graph, GRAPH_NODE, &node);
    graph_value(&graph, GRAPH_OUTPUT, "scores", 2);
    put_message(&model, MODEL_GRAPH, &graph);
    model_metadata(&model, "afxdp.classes", spec->classes);
    int err = onnx_decode(&onnx, model.bytes, model.size, error);
    buffer_free(&model);
    if (err)
        return err;
    import.onnx = onnx;
    err = import_classes(&import, NULL, error);
    if (!err)
        err = dt_import(out, &import, &report, error);
    if (!err)
        assert_int_equal(report.agreeing, report.rows);
    onnx_free(onnx);
    return err;
}
