// SPDX-License-Identifier: BSD-2-Clause
/* The network as it stands in an ONNX file, in floating point: inputs are codes / 127. */
#ifndef AFXDP_NN_FLOAT_H
#define AFXDP_NN_FLOAT_H

#include "nn_model.h"
#include "onnx.h"

struct nn_float_layer {
    uint32_t inputs;
    uint32_t outputs;
    double bias[NN_WIDTH_MAX];
    double weight[NN_WIDTH_MAX][NN_WIDTH_MAX]; /* [output][input], the rest 0 */
    char name[64];                             /* of its node, for messages */
};

/* ReLU stands behind each layer but the last. */
struct nn_float {
    uint32_t layer_count;
    struct nn_float_layer layers[NN_LAYERS_MAX];
};

/* Reads the chain of an ONNX graph (docs/onnx.md, "Networks") that takes `inputs` codes; free()
 * it. -EINVAL names the node,
 * tensor or value that can't be represented. */
int nn_float_read(struct nn_float **out, const struct onnx *onnx, uint32_t inputs,
                  struct error *error);

/* Sums of one layer, in a fixed order: the same on every machine. */
void nn_float_layer_run(const struct nn_float_layer *layer, const double *inputs, double *sums);

/* The class that the network gives to coded features, the lowest on ties. */
uint32_t nn_float_classify(const struct nn_float *network, const uint8_t *codes);

#endif
