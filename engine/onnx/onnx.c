// SPDX-License-Identifier: BSD-2-Clause
#include "onnx.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_private.h"

enum {
    NAME_MAX_SHOWN = 200, /* so that a message with two names fits a struct error */
};

const char *onnx_metadata(const struct onnx *onnx, const char *key)
{
    const struct onnx_private *private = onnx->private;

    for (size_t i = 0; i < private->model->n_metadata_props; i++) {
        const Onnx__StringStringEntryProto *entry = private->model->metadata_props[i];

        if (strcmp(onnx_string(entry->key), key) == 0)
            return onnx_string(entry->value);
    }
    return NULL;
}

bool onnx_has_operator(const struct onnx *onnx, const char *domain, const char *op)
{
    for (size_t i = 0; i < onnx->node_count; i++) {
        if (strcmp(onnx->nodes[i].domain, domain) == 0 && strcmp(onnx->nodes[i].op, op) == 0)
            return true;
    }
    return false;
}

const struct onnx_node *onnx_consumer(const struct onnx *onnx, const char *value, size_t *count)
{
    const struct onnx_node *found = NULL;

    *count = 0;
    for (size_t n = 0; n < onnx->node_count; n++) {
        for (size_t i = 0; i < onnx->nodes[n].input_count; i++) {
            if (strcmp(onnx->nodes[n].inputs[i], value) != 0)
                continue;
            found = &onnx->nodes[n];
            ++*count;
        }
    }
    return *count == 1 ? found : NULL;
}

bool onnx_is_printable(const char *text)
{
    size_t length = strnlen(onnx_string(text), NAME_MAX_SHOWN);

    if (length == NAME_MAX_SHOWN)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return true;
}

static int check_name(const char *text, const char *what, size_t index, struct error *error)
{
    if (onnx_is_printable(text))
        return 0;
    return error_set(error, -EINVAL, "%s %zu: its name isn't %d or fewer printable ASCII letters",
                     what, index, NAME_MAX_SHOWN - 1);
}

static int check_names(char **names, size_t count, const char *what, size_t index,
                       struct error *error)
{
    if (count > ONNX_NODE_PARTS_MAX)
        return error_set(error, -EINVAL, "%s %zu has %zu names, at most %d are supported", what,
                         index, count, ONNX_NODE_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        int err = check_name(names[i], what, index, error);

        if (err)
            return err;
    }
    return 0;
}

static int check_node(const Onnx__NodeProto *proto, size_t index, struct error *error)
{
    int err = check_name(proto->name, "node", index, error);

    if (!err)
        err = check_name(proto->op_type, "operator of node", index, error);
    if (!err)
        err = check_name(proto->domain, "domain of node", index, error);
    if (!err)
        err = check_names(proto->input, proto->n_input, "inputs of node", index, error);
    if (!err)
        err = check_names(proto->output, proto->n_output, "outputs of node", index, error);
    if (!err && proto->n_attribute > ONNX_NODE_PARTS_MAX)
        err = error_set(error, -EINVAL, "node %zu has %zu attributes, at most %d are supported",
                        index, proto->n_attribute, ONNX_NODE_PARTS_MAX);
    for (size_t i = 0; !err && i < proto->n_attribute; i++) {
        if (!proto->attribute[i]->name)
            err = error_set(error, -EINVAL, "node %zu has an attribute without a name", index);
        else
            err = check_name(proto->attribute[i]->name, "attribute of node", index, error);
    }
    return err;
}

/* What the importers don't read must not be there to be overlooked. */
static int check_model(const Onnx__ModelProto *model, struct error *error)
{
    const Onnx__GraphProto *graph = model->graph;

    if (!graph)
        return error_set(error, -EINVAL, "not an ONNX model: it has no graph");
    if (model->n_functions > 0)
        return error_set(error, -EINVAL, "model-local functions aren't supported");
    if (model->n_training_info > 0)
        return error_set(error, -EINVAL, "training graphs aren't supported");
    if (graph->n_sparse_initializer > 0)
        return error_set(error, -EINVAL, "sparse initialisers aren't supported");
    if (graph->n_node == 0 || graph->n_node > ONNX_NODES_MAX)
        return error_set(error, -EINVAL, "%zu nodes, allowed are 1 to %d", graph->n_node,
                         ONNX_NODES_MAX);
    if (graph->n_initializer > ONNX_NODES_MAX || graph->n_input > ONNX_NODES_MAX ||
        graph->n_output > ONNX_NODES_MAX || model->n_metadata_props > ONNX_NODES_MAX)
        return error_set(error, -EINVAL, "more than %d initialisers, inputs, outputs or properties",
                         ONNX_NODES_MAX);
    return check_name(model->producer_name, "producer", 0, error) ||
                   check_name(model->producer_version, "producer's version", 0, error)
               ? -EINVAL
               : 0;
}

static int check_graph_names(const Onnx__GraphProto *graph, struct error *error)
{
    int err = 0;

    for (size_t i = 0; !err && i < graph->n_initializer; i++)
        err = check_name(graph->initializer[i]->name, "initialiser", i, error);
    for (size_t i = 0; !err && i < graph->n_node; i++)
        err = check_node(graph->node[i], i, error);
    return err;
}

static void read_nodes(struct onnx *onnx, struct onnx_node *nodes, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *proto = graph->node[i];

        if (onnx_node_is_constant(onnx->private, proto))
            continue;
        nodes[onnx->node_count++] = (struct onnx_node){
            .name = onnx_string(proto->name),
            .op = onnx_string(proto->op_type),
            .domain = strcmp(onnx_string(proto->domain), "ai.onnx") == 0
                          ? ""
                          : onnx_string(proto->domain),
            .inputs = (const char *const *)proto->input,
            .input_count = proto->n_input,
            .outputs = (const char *const *)proto->output,
            .output_count = proto->n_output,
            .index = i,
            .attributes = proto,
        };
    }
}

enum onnx_type onnx_element_type(int32_t type)
{
    switch (type) {
    case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
        return ONNX_FLOAT;
    case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
        return ONNX_DOUBLE;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
        return ONNX_INT64;
    case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
        return ONNX_INT32;
    case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
        return ONNX_UINT8;
    default:
        return ONNX_UNKNOWN;
    }
}

static void read_type(struct onnx_value *value, const Onnx__TypeProto *type)
{
    value->rank = -1;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type)
        return;
    value->type = onnx_element_type(type->tensor_type->elem_type);
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (!shape || shape->n_dim > ONNX_RANK_MAX)
        return;
    value->rank = (int32_t)shape->n_dim;
    for (size_t i = 0; i < shape->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = shape->dim[i];
        bool fixed = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;

        value->dims[i] = fixed && dim->dim_value >= 0 ? dim->dim_value : -1;
    }
}

static int read_values(struct onnx_value *values, size_t *count, const struct onnx *onnx,
                       Onnx__ValueInfoProto **protos, size_t proto_count, struct error *error)
{
    for (size_t i = 0; i < proto_count; i++) {
        const char *name = onnx_string(protos[i]->name);
        int err = check_name(name, "input or output", i, error);

        if (err)
            return err;
        if (onnx_is_initialiser(onnx, name))
            continue; /* ONNX before version 4 lists the weights among the inputs */
        values[*count] = (struct onnx_value){.name = name};
        read_type(&values[(*count)++], protos[i]->type);
    }
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A value defined twice would let two readers of the file see two models. */
static int check_definitions(const struct onnx *onnx, struct error *error)
{
    const struct onnx_private *private = onnx->private;
    size_t most = private->constant_count + onnx->input_count;
    size_t count = 0;
    int err = 0;

    for (size_t i = 0; i < onnx->node_count; i++)
        most += onnx->nodes[i].output_count;
    const char **names = calloc(most + 1, sizeof(*names));
    if (!names)
        return error_set(error, -ENOMEM, "no memory for %zu names", most);
    for (size_t i = 0; i < private->constant_count; i++) {
        if (private->constants[i].known)
            names[count++] = private->constants[i].name;
    }
    for (size_t i = 0; i < onnx->input_count; i++)
        names[count++] = onnx->inputs[i].name;
    for (size_t i = 0; i < onnx->node_count; i++) {
        for (size_t k = 0; k < onnx->nodes[i].output_count; k++) {
            if (onnx->nodes[i].outputs[k][0] != '\0')
                names[count++] = onnx->nodes[i].outputs[k];
        }
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 1; i < count && !err; i++) {
        if (strcmp(names[i - 1], names[i]) == 0)
            err = error_set(error, -EINVAL, "value '%s' is defined twice", names[i]);
    }
    free(names);
    return err;
}

static int build(struct onnx *onnx, struct error *error)
{
    struct onnx_private *private = onnx->private;
    const Onnx__ModelProto *model = private->model;
    int err = check_model(model, error);

    if (err)
        return err;
    const Onnx__GraphProto *graph = model->graph;
    struct onnx_node *nodes = calloc(graph->n_node, sizeof(*nodes));
    struct onnx_value *inputs = calloc(graph->n_input + 1, sizeof(*inputs));
    struct onnx_value *outputs = calloc(graph->n_output + 1, sizeof(*outputs));
    onnx->nodes = nodes;
    onnx->inputs = inputs;
    onnx->outputs = outputs;
    const char *version = onnx_string(model->producer_version);
    char *producer;
    if (asprintf(&producer, "%s%s%s", onnx_string(model->producer_name), version[0] ? " " : "",
                 version) < 0)
        producer = NULL;
    private->producer = producer;
    if (!nodes || !inputs || !outputs || !private->producer)
        return error_set(error, -ENOMEM, "no memory for %zu nodes", graph->n_node);
    onnx->producer = private->producer;

    err = check_graph_names(graph, error);
    if (!err)
        err = onnx_constants_collect(private, graph, error);
    if (err)
        return err;
    read_nodes(onnx, nodes, graph);
    if (!err)
        err = read_values(inputs, &onnx->input_count, onnx, graph->input, graph->n_input, error);
    if (!err)
        err =
            read_values(outputs, &onnx->output_count, onnx, graph->output, graph->n_output, error);
    return err ? err : check_definitions(onnx, error);
}

int onnx_decode(struct onnx **out, const void *bytes, size_t size, struct error *error)
{
    if (size > ONNX_FILE_MAX)
        return error_set(error, -EINVAL, "%zu bytes, an ONNX file may have at most %d", size,
                         ONNX_FILE_MAX);
    int err = onnx_wire_check(bytes, size, error);
    if (err)
        return err;

    struct onnx *onnx = calloc(1, sizeof(*onnx));
    struct onnx_private *private = calloc(1, sizeof(*private));
    if (!onnx || !private) {
        free(onnx);
        free(private);
        return error_set(error, -ENOMEM, "no memory for an ONNX model");
    }
    onnx->private = private;
    private->model = onnx_unpack(bytes, size);
    err = private->model
              ? build(onnx, error)
              : error_set(error, -EINVAL,
                          "not an ONNX file, a damaged one, or one of over 512 MiB in memory");
    if (err) {
        onnx_free(onnx);
        return err;
    }
    *out = onnx;
    return 0;
}

void onnx_free(struct onnx *onnx)
{
    if (!onnx)
        return;
    struct onnx_private *private = onnx->private;
    onnx_unpacked_free(private->model);
    free(private->constants);
    free(private->producer);
    free(private);
    free((void *)onnx->nodes);
    free((void *)onnx->inputs);
    free((void *)onnx->outputs);
    free(onnx);
}
