// SPDX-License-Identifier: BSD-2-Clause
/* Reading the layers of a graph; private to nn_graph.c and nn_layers.c. */
#ifndef AFXDP_NN_LAYERS_H
#define AFXDP_NN_LAYERS_H

#include "nn_float.h"

/* Where the walk along the chain stands. */
struct nn_walk {
    const struct onnx *onnx;
    struct nn_float *network;
    uint32_t inputs;
    const char *value;         /* the last one computed */
    const char *label;         /* the label that a LinearClassifier gives beside it, or NULL */
    bool rectified;            /* it came out of a Relu (or is the input) */
    struct onnx_steps between; /* what was done to it since, for the next layer to take up */
};

/* Each takes a node as the next layer, its weights read and what stood before it folded in. */
int nn_take_gemm(struct nn_walk *walk, const struct onnx_node *node, struct error *error);
int nn_take_matmul(struct nn_walk *walk, const struct onnx_node *node, struct error *error);
int nn_take_linear(struct nn_walk *walk, const struct onnx_node *node, struct error *error);

/* Folds steps in front of a layer into its weights; false where one isn't affine. */
bool nn_layer_take_steps(struct nn_float_layer *layer, const struct onnx_steps *steps);

#endif
