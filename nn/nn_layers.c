// SPDX-License-Identifier: BSD-2-Clause
#include "nn_layers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int begin_layer(struct nn_walk *walk, const struct onnx_node *node,
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

static int set_outputs(struct nn_float_layer *layer, const struct onnx_node *node, size_t inputs,
                       size_t outputs, struct error *error)
{
    if (inputs != layer->inputs)
        return onnx_node_refuse(node, error, "%zu inputs, the layer before gives it %u", inputs,
                                layer->inputs);
    if (outputs < 1 || outputs > NN_WIDTH_MAX)
        return onnx_node_refuse(node, error, "%zu outputs, allowed are 1 to %d", outputs,
                                NN_WIDTH_MAX);
    layer->outputs = (uint32_t)outputs;
    return 0;
}

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
    if (!tensor->reals || tensor->rank != 2)
        err = onnx_node_refuse(node, error, "its weights aren't a float matrix");
    else
        err = set_outputs(layer, node, tensor->dims[transposed ? 0 : 1],
                          tensor->dims[transposed ? 1 : 0], error);
    for (size_t o = 0; !err && o < layer->outputs; o++) {
        for (size_t i = 0; i < layer->inputs; i++)
            layer->weight[o][i] =
                tensor->reals[transposed ? i * layer->outputs + o : o * layer->inputs + i];
    }
    onnx_tensor_free(tensor);
    return err;
}

bool nn_layer_take_steps(struct nn_float_layer *layer, const struct onnx_steps *steps)
{
    for (uint32_t i = 0; i < layer->inputs; i++) {
        double factor, offset;

        if (!onnx_steps_affine(steps, i, &factor, &offset))
            return false;
        for (uint32_t o = 0; o < layer->outputs; o++) {
            layer->bias[o] += layer->weight[o][i] * offset;
            layer->weight[o][i] *= factor;
        }
    }
    return true;
}

/* What was done to the activations before; take_scaling has seen that it is affine. */
static void end_layer(struct nn_walk *walk, struct nn_float_layer *layer)
{
    if (walk->network->layer_count > 1)
        (void)nn_layer_take_steps(layer, &walk->between);
    walk->between = (struct onnx_steps){0};
}

static int read_gemm(const struct onnx_node *node, bool *transposed, float *alpha, float *beta,
                     struct error *error)
{
    static const char *const known[] = {"alpha", "beta", "transA", "transB", NULL};
    int64_t transposed_a = 0, transposed_b = 0;
    int err = onnx_check_attributes(node, known, error);

    if (!err)
        err = onnx_attribute_int(node, "transA", &transposed_a, error);
    if (!err)
        err = onnx_attribute_int(node, "transB", &transposed_b, error);
    if (!err)
        err = onnx_attribute_float(node, "alpha", alpha, error);
    if (!err)
        err = onnx_attribute_float(node, "beta", beta, error);
    if (!err && transposed_a)
        err = onnx_node_refuse(node, error, "transA isn't supported");
    if (!err && (!(*alpha > -1e6F && *alpha < 1e6F) || !(*beta > -1e6F && *beta < 1e6F)))
        err = onnx_node_refuse(node, error, "alpha or beta is out of bounds");
    *transposed = transposed_b != 0;
    return err;
}

int nn_take_gemm(struct nn_walk *walk, const struct onnx_node *node, struct error *error)
{
    struct nn_float_layer *layer = NULL;
    float alpha = 1, beta = 1;
    bool transposed = false;
    int err = read_gemm(node, &transposed, &alpha, &beta, error);

    if (!err)
        err = begin_layer(walk, node, &layer, error);
    if (!err)
        err = read_weight(layer, node, walk->onnx, !transposed, error);
    if (!err && node->input_count > 2 && node->inputs[2][0] != '\0')
        err = onnx_columns_read(layer->bias, walk->onnx, node, node->inputs[2], "bias",
                                layer->outputs, error);
    if (err)
        return err;
    for (uint32_t o = 0; o < layer->outputs; o++) {
        layer->bias[o] *= (double)beta;
        for (uint32_t i = 0; i < layer->inputs; i++)
            layer->weight[o][i] *= (double)alpha;
    }
    end_layer(walk, layer);
    return 0;
}

int nn_take_matmul(struct nn_walk *walk, const struct onnx_node *node, struct error *error)
{
    struct nn_float_layer *layer = NULL;
    int err = onnx_check_attributes(node, (const char *const[]){NULL}, error);

    if (!err)
        err = begin_layer(walk, node, &layer, error);
    if (!err)
        err = read_weight(layer, node, walk->onnx, true, error);
    if (!err)
        end_layer(walk, layer);
    return err;
}

/* Keeps the order of the classes: what it does to the sums doesn't matter. */
static int check_post_transform(const struct onnx_node *node, struct error *error)
{
    struct onnx_text transform = {4, "NONE"};
    int err = onnx_attribute_text(node, "post_transform", &transform, error);

    if (err || onnx_text_is(&transform, "NONE") || onnx_text_is(&transform, "LOGISTIC") ||
        onnx_text_is(&transform, "SOFTMAX"))
        return err;
    return onnx_node_refuse(node, error, "its post_transform isn't supported");
}

/* ai.onnx.ml's whole model in one node: a label and scores, which go on as the chain's value. */
int nn_take_linear(struct nn_walk *walk, const struct onnx_node *node, struct error *error)
{
    static const char *const known[] = {"classlabels_ints",
                                        "classlabels_strings",
                                        "coefficients",
                                        "intercepts",
                                        "multi_class",
                                        "post_transform",
                                        NULL};
    struct nn_float_layer *layer = NULL;
    const float *weights, *biases;
    size_t weight_count, bias_count;
    int err = onnx_check_attributes(node, known, error);

    if (!err)
        err = check_post_transform(node, error);
    if (!err)
        err = onnx_attribute_floats(node, "coefficients", &weights, &weight_count, error);
    if (!err)
        err = onnx_attribute_floats(node, "intercepts", &biases, &bias_count, error);
    if (!err && node->output_count != 2)
        err = onnx_node_refuse(node, error, "it has %zu outputs, not label and scores",
                               node->output_count);
    if (!err)
        err = begin_layer(walk, node, &layer, error);
    if (err)
        return err;
    size_t outputs = weight_count / layer->inputs;
    if (outputs < 2 || outputs > NN_WIDTH_MAX || weight_count != outputs * layer->inputs ||
        (bias_count != 0 && bias_count != outputs))
        return onnx_node_refuse(node, error, "%zu coefficients and %zu intercepts for %u inputs",
                                weight_count, bias_count, layer->inputs);
    layer->outputs = (uint32_t)outputs;
    for (size_t o = 0; o < outputs; o++) {
        layer->bias[o] = bias_count > 0 ? (double)biases[o] : 0;
        for (size_t i = 0; i < layer->inputs; i++)
            layer->weight[o][i] = (double)weights[o * layer->inputs + i];
    }
    end_layer(walk, layer);
    walk->label = node->outputs[0];
    return 0;
}
