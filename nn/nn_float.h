// SPDX-License-Identifier: BSD-2-Clause
/* The network as it stands in an ONNX file, in floating point. What its inputs are, codes / 127 or
 * the raw integers, the file doesn't say. */
#ifndef AFXDP_NN_FLOAT_H
#define AFXDP_NN_FLOAT_H

#include "nn_model.h"
#include "onnx.h"
#include "onnx_step.h"

struct nn_float_layer {
    uint32_t inputs;
    uint32_t outputs;
    double bias[NN_WIDTH_MAX];
    double weight[NN_WIDTH_MAX][NN_WIDTH_MAX]; /* [output][input], the rest 0 */
    char name[64];                             /* of its node, for messages */
};

/* ReLU stands behind each layer but the last. */
struct nn_float {
    struct onnx_steps scaling; /* of the inputs, in front of the first layer */
    uint32_t layer_count;
    struct nn_float_layer layers[NN_LAYERS_MAX];
};

/* Reads the chain of an ONNX graph (docs/onnx.md, "Networks") on `inputs` columns; free() it. Batch
 * normalisation and the like behind a layer are folded into it or the next; a last layer of one
 * column, which decides between two classes, becomes one of two. -EINVAL names the node, tensor or
 * value that can't be represented. */
int nn_float_read(struct nn_float **out, const struct onnx *onnx, uint32_t inputs,
                  struct error *error);

/* Sums of one layer, in a fixed order: the same on every machine. */
void nn_float_layer_run(const struct nn_float_layer *layer, const double *inputs, double *sums);

/* The last layer's sums for the first layer's inputs. */
void nn_float_run(const struct nn_float *network, const double *inputs,
                  double logits[NN_WIDTH_MAX]);

/* The class of the largest sum, the lowest on ties. */
uint32_t nn_float_best(const struct nn_float *network, const double logits[NN_WIDTH_MAX]);

/* The class that a network without scaling gives to coded features. */
uint32_t nn_float_classify(const struct nn_float *network, const uint8_t *codes);

#endif
