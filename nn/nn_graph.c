// SPDX-License-Identifier: BSD-2-Clause
#include "nn_float.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 1e30

/* Where the walk along the chain stands. */
struct walk {
    const struct onnx *onnx;
    struct nn_float *network;
    uint32_t inputs;
    const char *value; /* the last one computed */
    bool rectified;    /* it came out of a Relu (or is the input) */
    bool needs_bias;   /* it came out of a MatMul: an Add may follow */
    bool at_end;       /* it came out of a Softmax: nothing may follow */
};

/* Row o of `weight` is output o's; `transposed` says that the tensor has it as a column. */
static int read_weight(struct nn_float_layer *layer, const struct onnx_node *node,
                       const struct onnx *onnx, bool transposed, struct error *error)
{
    struct onnx_tensor *tensor = NULL;
    int err = onnx_tensor_read(&tensor, onnx, node->inputs[1], error);

    if (err == -ENOENT)
        return onnx_node_refuse(node, error, "its weights '%s' aren't an initialiser",
                                node->inputs[1]);
    if (err)
        return err;
    size_t inputs = tensor->rank == 2 ? tensor->dims[transposed ? 0 : 1] : 0;
    size_t outputs = tensor->rank == 2 ? tensor->dims[transposed ? 1 : 0] : 0;
    if (!tensor->reals || tensor->rank != 2)
        err = onnx_node_refuse(node, error, "its weights aren't a float matrix");
    else if (inputs != layer->inputs)
        err = onnx_node_refuse(node, error, "%zu inputs, the layer before gives it %u", inputs,
                               layer->inputs);
    else if (outputs < 1 || outputs > NN_WIDTH_MAX)
        err = onnx_node_refuse(node, error, "%zu outputs, allowed are 1 to %d", outputs,
                               NN_WIDTH_MAX);
    if (err)
        goto out;
    layer->outputs = (uint32_t)outputs;
    for (size_t o = 0; o < outputs; o++) {
        for (size_t i = 0; i < inputs; i++)
            layer->weight[o][i] = tensor->reals[transposed ? i * outputs + o : o * inputs + i];
    }
out:
    onnx_tensor_free(tensor);
    return err;
}

/* A bias of shape [outputs], [1, outputs] or a single number. */
static int read_bias(struct nn_float_layer *layer, const struct onnx_node *node,
                     const struct onnx *onnx, const char *name, double factor, struct error *error)
{
    struct onnx_tensor *tensor = NULL;
    int err = onnx_tensor_read(&tensor, onnx, name, error);

    if (err == -ENOENT)
        return onnx_node_refuse(node, error, "its bias '%s' isn't an initialiser", name);
    if (err)
        return err;
    bool is_row = tensor->count == layer->outputs &&
                  (tensor->rank == 1 || (tensor->rank == 2 && tensor->dims[0] == 1));
    if (!tensor->reals || (!is_row && tensor->count != 1))
        err = onnx_node_refuse(node, error, "its bias isn't a float vector of %u", layer->outputs);
    for (uint32_t o = 0; !err && o < layer->outputs; o++)
        layer->bias[o] = factor * tensor->reals[is_row ? o : 0];
    onnx_tensor_free(tensor);
    return err;
}

static int begin_layer(struct walk *walk, const struct onnx_node *node,
                       struct nn_float_layer **layer, struct error *error)
{
    struct nn_float *network = walk->network;

    if (!walk->rectified)
        return onnx_node_refuse(node, error, "no Relu stands between it and the layer before");
    if (network->layer_count == NN_LAYERS_MAX)
        return onnx_node_refuse(node, error, "more than %d layers", NN_LAYERS_MAX);
    if (strcmp(node->inputs[0], walk->value) != 0)
        return onnx_node_refuse(node, error, "the layer's input must be its first, weights second");
    *layer = &network->layers[network->layer_count++];
    (*layer)->inputs = network->layer_count == 1
                           ? walk->inputs
                           : network->layers[network->layer_count - 2].outputs;
    snprintf((*layer)->name, sizeof((*layer)->name), "%s", node->name[0] ? node->name : node->op);
    walk->rectified = false;
    return 0;
}

static int take_gemm(struct walk *walk, const struct onnx_node *node, struct error *error)
{
    static const char *const known[] = {"alpha", "beta", "transA", "transB", NULL};
    int64_t transposed_a = 0, transposed_b = 0;
    float alpha = 1, beta = 1;
    struct nn_float_layer *layer = NULL;
    int err = onnx_check_attributes(node, known, error);

    if (!err)
        err = onnx_attribute_int(node, "transA", &transposed_a, error);
    if (!err)
        err = onnx_attribute_int(node, "transB", &transposed_b, error);
    if (!err)
        err = onnx_attribute_float(node, "alpha", &alpha, error);
    if (!err)
        err = onnx_attribute_float(node, "beta", &beta, error);
    if (!err && transposed_a)
        err = onnx_node_refuse(node, error, "transA isn't supported");
    if (!err && (!(alpha > -1e6F && alpha < 1e6F) || !(beta > -1e6F && beta < 1e6F)))
        err = onnx_node_refuse(node, error, "alpha or beta is out of bounds");
    if (!err)
        err = begin_layer(walk, node, &layer, error);
    if (!err)
        err = read_weight(layer, node, walk->onnx, !transposed_b, error);
    if (err)
        return err;
    for (uint32_t o = 0; o < layer->outputs; o++) {
        for (uint32_t i = 0; i < layer->inputs; i++)
            layer->weight[o][i] *= (double)alpha;
    }
    if (node->input_count > 2 && node->inputs[2][0] != '\0')
        return read_bias(layer, node, walk->onnx, node->inputs[2], (double)beta, error);
    return 0;
}

static int take_matmul(struct walk *walk, const struct onnx_node *node, struct error *error)
{
    struct nn_float_layer *layer = NULL;
    int err = onnx_check_attributes(node, (const char *const[]){NULL}, error);

    if (!err)
        err = begin_layer(walk, node, &layer, error);
    if (!err)
        err = read_weight(layer, node, walk->onnx, true, error);
    walk->needs_bias = !err;
    return err;
}

/* Behind a MatMul, the bias on either side. */
static int take_add(struct walk *walk, const struct onnx_node *node, struct error *error)
{
    struct nn_float *network = walk->network;

    if (!walk->needs_bias)
        return onnx_node_refuse(node, error, "Add is supported only behind a MatMul");
    walk->needs_bias = false;
    bool first = strcmp(node->inputs[0], walk->value) == 0;
    return read_bias(&network->layers[network->layer_count - 1], node, walk->onnx,
                     node->inputs[first ? 1 : 0], 1, error);
}

static int take_relu(struct walk *walk, const struct onnx_node *node, struct error *error)
{
    int err = onnx_check_attributes(node, (const char *const[]){NULL}, error);

    if (err)
        return err;
    if (walk->rectified)
        return onnx_node_refuse(node, error, "Relu on the input or twice isn't supported");
    walk->rectified = true;
    walk->needs_bias = false;
    return 0;
}

/* Over the classes it keeps their order, and so every verdict. */
static int take_softmax(struct walk *walk, const struct onnx_node *node, struct error *error)
{
    static const char *const known[] = {"axis", NULL};
    int64_t axis = -1;
    int err = onnx_check_attributes(node, known, error);

    if (!err)
        err = onnx_attribute_int(node, "axis", &axis, error);
    if (!err && axis != -1 && axis != 1)
        err = onnx_node_refuse(node, error, "axis %lld isn't the classes'", (long long)axis);
    walk->at_end = true;
    return err;
}

static int take_identity(struct walk *walk, const struct onnx_node *node, struct error *error)
{
    (void)walk;
    return onnx_check_attributes(node, (const char *const[]){NULL}, error);
}

static int take_node(struct walk *walk, const struct onnx_node *node, struct error *error)
{
    static const struct {
        const char *op;
        size_t least_inputs, most_inputs;
        int (*take)(struct walk *walk, const struct onnx_node *node, struct error *error);
    } operators[] = {
        {"Gemm", 2, 3, take_gemm},         {"MatMul", 2, 2, take_matmul},
        {"Add", 2, 2, take_add},           {"Relu", 1, 1, take_relu},
        {"Softmax", 1, 1, take_softmax},   {"LogSoftmax", 1, 1, take_softmax},
        {"Identity", 1, 1, take_identity},
    };

    if (walk->at_end)
        return onnx_node_refuse(node, error, "nothing may follow a Softmax");
    if (node->output_count != 1)
        return onnx_node_refuse(node, error, "%zu outputs, one is supported", node->output_count);
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (node->domain[0] != '\0' || strcmp(node->op, operators[i].op) != 0)
            continue;
        if (node->input_count < operators[i].least_inputs ||
            node->input_count > operators[i].most_inputs)
            return onnx_node_refuse(node, error, "%s with %zu inputs", node->op, node->input_count);
        int err = operators[i].take(walk, node, error);
        walk->value = node->outputs[0];
        return err;
    }
    return onnx_node_refuse(node, error,
                            "operator %s isn't supported: a network is a chain of Gemm (or MatMul "
                            "and Add) and Relu",
                            node->op);
}

static int check_ends(const struct onnx *onnx, uint32_t inputs, struct error *error)
{
    if (onnx->input_count != 1 || onnx->output_count != 1)
        return error_set(error, -EINVAL, "%zu inputs and %zu outputs, a network has one of each",
                         onnx->input_count, onnx->output_count);
    const struct onnx_value *input = &onnx->inputs[0];
    if (input->type != ONNX_FLOAT)
        return error_set(error, -EINVAL, "input '%s' isn't of type float", input->name);
    if (input->rank >= 0 && (input->rank != 2 || (input->dims[1] >= 0 && input->dims[1] != inputs)))
        return error_set(error, -EINVAL, "input '%s' isn't of shape [N, %u]", input->name, inputs);
    return 0;
}

/* Bounded, so that no sum of any layer leaves what a double holds. */
static int check_numbers(const struct nn_float *network, struct error *error)
{
    for (uint32_t l = 0; l < network->layer_count; l++) {
        const struct nn_float_layer *layer = &network->layers[l];

        for (uint32_t o = 0; o < layer->outputs; o++) {
            double largest = fabs(layer->bias[o]);

            for (uint32_t i = 0; i < layer->inputs; i++)
                largest = fmax(largest, fabs(layer->weight[o][i]));
            if (largest > NUMBER_MAX)
                return error_set(error, -EINVAL, "layer '%s', output %u: a weight of %g",
                                 layer->name, o, largest);
        }
    }
    return 0;
}

static int walk_chain(struct walk *walk, struct error *error)
{
    const struct onnx *onnx = walk->onnx;
    const char *output = onnx->outputs[0].name;
    const struct onnx_node *node;
    size_t taken = 0;
    size_t count;

    while (strcmp(walk->value, output) != 0) {
        /* Ends: a node takes one value and weights, so the chain can't come back to it. */
        node = onnx_consumer(onnx, walk->value, &count);
        if (!node)
            return error_set(error, -EINVAL,
                             "value '%s' goes to %zu nodes: a network is a chain from input '%s' "
                             "to output '%s'",
                             walk->value, count, onnx->inputs[0].name, output);
        int err = take_node(walk, node, error);
        if (err)
            return err;
        taken++;
    }
    node = onnx_consumer(onnx, output, &count);
    if (node)
        return onnx_node_refuse(node, error, "%s behind the output isn't supported", node->op);
    if (taken < onnx->node_count)
        return error_set(error, -EINVAL, "%zu nodes aren't part of the chain to output '%s'",
                         onnx->node_count - taken, output);
    if (walk->network->layer_count == 0)
        return error_set(error, -EINVAL, "the graph has no layer");
    if (walk->rectified)
        return error_set(error, -EINVAL, "the last layer has a Relu: logits must keep their sign");
    return check_numbers(walk->network, error);
}

int nn_float_read(struct nn_float **out, const struct onnx *onnx, uint32_t inputs,
                  struct error *error)
{
    int err = check_ends(onnx, inputs, error);

    if (err)
        return err;
    struct nn_float *network = calloc(1, sizeof(*network));
    if (!network)
        return error_set(error, -ENOMEM, "no memory for a neural network");
    struct walk walk = {
        .onnx = onnx,
        .network = network,
        .inputs = inputs,
        .value = onnx->inputs[0].name,
        .rectified = true,
    };
    err = walk_chain(&walk, error);
    if (err) {
        free(network);
        return err;
    }
    *out = network;
    return 0;
}
