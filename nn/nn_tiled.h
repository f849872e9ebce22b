// SPDX-License-Identifier: BSD-2-Clause
/* A model laid out for SIMD across packets. Private to the variants of this folder.
 *
 * Four inputs of a packet stand together in 32 bits, a quad: a vector holds one quad of as many
 * packets as it has lanes, and meets one quad of weights in every lane. Activations come as
 * [quad][packet][4 inputs]. Weights come in the order in which they are used: tiles of a few
 * outputs, in each [input quad][output of the tile][4 inputs]. Inputs and hidden outputs are
 * padded to multiples of four with zero weights and biases, which give zero activations. */
#ifndef AFXDP_NN_TILED_H
#define AFXDP_NN_TILED_H

#include <stddef.h>

#include "nn_model.h"

enum {
    NN_TILE = 4,      /* outputs computed together */
    NN_LAST_TILE = 6, /* at most, at the end of the last layer: few outputs alone would wait */
    NN_QUADS_MAX = NN_WIDTH_MAX / 4,
};

struct nn_tiled_layer {
    uint32_t input_quads;
    uint32_t outputs; /* a multiple of NN_TILE, but for the last layer */
    int32_t bias[NN_WIDTH_MAX];
    int32_t shift[NN_WIDTH_MAX];
    int32_t weight[NN_QUADS_MAX * NN_WIDTH_MAX]; /* quads of int8 */
};

struct nn_tiled {
    uint32_t layer_count;
    uint32_t class_count;
    uint32_t reserved[14]; /* what follows begins at a cache line */
    struct confidence_table confidence;
    uint8_t code[NN_INPUTS_MAX][NN_CODES];
    struct nn_tiled_layer layers[NN_LAYERS_MAX];
};

/* Memory for a struct of `size` bytes that starts with a struct nn_tiled, aligned for any vector:
 * the model laid out, then zeros. NULL without memory; free() it. */
void *nn_tiled_new(size_t size, const struct nn_model *model);

#endif
