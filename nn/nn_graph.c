// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn_layers.h"
#include "onnx_tail.h"

#define NUMBER_MAX 1e30

static int take_relu(struct nn_walk *walk, const struct onnx_node *node, struct error *error)
{
    int err = onnx_check_attributes(node, (const char *const[]){NULL}, error);

    if (err)
        return err;
    if (walk->rectified)
        return onnx_node_refuse(node, error, "Relu on the input or twice isn't supported");
    walk->rectified = true;
    return 0;
}

/* Scaling of the inputs, of a layer's sums (folded into its weights) or of its activations (into
 * the next layer's). 1 where the node is one. */
static int take_scaling(struct nn_walk *walk, const struct onnx_node *node, struct error *error)
{
    struct nn_float *network = walk->network;
    struct onnx_steps *steps = network->layer_count == 0 ? &network->scaling : &walk->between;

    uint32_t columns = network->layer_count == 0
                           ? walk->inputs
                           : network->layers[network->layer_count - 1].outputs;
    int taken = onnx_steps_take(steps, walk->onnx, node, walk->value, columns, error);
    if (taken != 1 || network->layer_count == 0)
        return taken;
    struct nn_float_layer *layer = &network->layers[network->layer_count - 1];
    for (uint32_t o = 0; o < columns; o++) {
        double factor, offset;

        if (!onnx_steps_affine(steps, o, &factor, &offset))
            return onnx_node_refuse(node, error, "%s behind a layer isn't supported", node->op);
        if (walk->rectified)
            continue;
        layer->bias[o] = layer->bias[o] * factor + offset;
        for (uint32_t i = 0; i < layer->inputs; i++)
            layer->weight[o][i] *= factor;
    }
    if (!walk->rectified)
        walk->between = (struct onnx_steps){0};
    return 1;
}

/* 1 where the node continues the chain, 0 where the tail begins. */
static int take_node(struct nn_walk *walk, const struct onnx_node *node, struct error *error)
{
    static const struct {
        const char *domain, *op;
        size_t least_inputs, most_inputs;
        int (*take)(struct nn_walk *walk, const struct onnx_node *node, struct error *error);
    } operators[] = {
        {"", "Gemm", 2, 3, nn_take_gemm},
        {"", "MatMul", 2, 2, nn_take_matmul},
        {"", "Relu", 1, 1, take_relu},
        {"ai.onnx.ml", "LinearClassifier", 1, 1, nn_take_linear},
    };

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(node->domain, operators[i].domain) != 0 ||
            strcmp(node->op, operators[i].op) != 0)
            continue;
        if (node->input_count < operators[i].least_inputs ||
            node->input_count > operators[i].most_inputs)
            return onnx_node_refuse(node, error, "%s with %zu inputs", node->op, node->input_count);
        int err = operators[i].take(walk, node, error);
        return err ? err : 1;
    }
    return take_scaling(walk, node, error);
}

static int check_input(const struct onnx *onnx, uint32_t inputs, struct error *error)
{
    if (onnx->input_count != 1)
        return error_set(error, -EINVAL, "%zu inputs, a network has one", onnx->input_count);
    const struct onnx_value *input = &onnx->inputs[0];
    if (input->type == ONNX_UNKNOWN || input->type == ONNX_UINT8)
        return error_set(error, -EINVAL, "input '%s' isn't float, double, int64 or int32",
                         input->name);
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
            if (!(largest <= NUMBER_MAX))
                return error_set(error, -EINVAL, "layer '%s', output %u: a weight of %g",
                                 layer->name, o, largest);
        }
    }
    return 0;
}

/* One column decides between two classes: the first gets 0, the second the column. */
static void widen(struct nn_float_layer *last)
{
    if (last->outputs != 1)
        return;
    last->outputs = 2;
    last->bias[1] = last->bias[0];
    memcpy(last->weight[1], last->weight[0], sizeof(last->weight[1]));
    last->bias[0] = 0;
    memset(last->weight[0], 0, sizeof(last->weight[0]));
}

/* Everything behind the chain must keep the verdict. */
static int check_tail(const struct nn_walk *walk, const bool *taken, struct error *error)
{
    const struct nn_float *network = walk->network;
    struct onnx_tail_value values[] = {{walk->value, ONNX_TAIL_SCORES},
                                       {walk->label ? walk->label : "", ONNX_TAIL_CLASS}};

    if (network->layers[network->layer_count - 1].outputs == 1)
        values[0].kind = ONNX_TAIL_MARGIN;
    return onnx_tail_check(walk->onnx, taken, values, walk->label ? 2 : 1, error);
}

static int walk_chain(struct nn_walk *walk, bool *taken, struct error *error)
{
    const struct onnx *onnx = walk->onnx;
    struct nn_float *network = walk->network;
    size_t count;
    int step = 1;

    while (step == 1 && !walk->label) {
        /* Ends: a node takes one value and weights, so the chain can't come back to it. */
        const struct onnx_node *node = onnx_consumer(onnx, walk->value, &count);
        if (!node)
            break;
        step = take_node(walk, node, error);
        if (step < 0)
            return step;
        if (step == 0 && network->layer_count == 0)
            return onnx_node_refuse(node, error,
                                    "operator %s isn't supported: a network is a chain of Gemm "
                                    "(or MatMul and Add) and Relu, with scaling in front",
                                    node->op);
        if (step == 1 && node->output_count < 1)
            return onnx_node_refuse(node, error, "it has no output");
        if (step == 1) {
            taken[node - onnx->nodes] = true;
            walk->value = node->outputs[walk->label ? 1 : 0];
        }
    }
    if (network->layer_count == 0 && count > 0)
        return error_set(error, -EINVAL,
                         "value '%s' goes to %zu nodes: a network is a chain from input '%s'",
                         walk->value, count, onnx->inputs[0].name);
    if (network->layer_count == 0)
        return error_set(error, -EINVAL, "the graph has no layer");
    int err = check_tail(walk, taken, error);
    if (!err && walk->rectified)
        err = error_set(error, -EINVAL, "the last layer has a Relu: logits must keep their sign");
    if (err)
        return err;
    widen(&network->layers[network->layer_count - 1]);
    return check_numbers(network, error);
}

int nn_float_read(struct nn_float **out, const struct onnx *onnx, uint32_t inputs,
                  struct error *error)
{
    int err = check_input(onnx, inputs, error);

    if (err)
        return err;
    struct nn_float *network = calloc(1, sizeof(*network));
    struct nn_walk *walk = calloc(1, sizeof(*walk));
    bool *taken = calloc(onnx->node_count + 1, sizeof(*taken));
    if (!network || !walk || !taken) {
        err = error_set(error, -ENOMEM, "no memory for a neural network");
    } else {
        *walk = (struct nn_walk){
            .onnx = onnx,
            .network = network,
            .inputs = inputs,
            .value = onnx->inputs[0].name,
            .rectified = true,
        };
        err = walk_chain(walk, taken, error);
    }
    free(taken);
    free(walk);
    if (err) {
        free(network);
        return err;
    }
    *out = network;
    return 0;
}
