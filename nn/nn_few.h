// SPDX-License-Identifier: BSD-2-Clause
/* A model laid out for a few packets. Private to the variants of this folder.
 *
 * Across packets (nn_tiled.h), a vector of which one lane is used costs what a full one does. Here
 * the lanes are outputs: a vector holds 16 outputs of one packet, each quad of its inputs stands in
 * all lanes and meets the weights of those outputs. Unused outputs have zero weights; in the last
 * layer their bias is below any logit. */
#ifndef AFXDP_NN_FEW_H
#define AFXDP_NN_FEW_H

#include "nn_model.h"

enum {
    NN_FEW_LANES = 16,
    NN_FEW_VECTORS = NN_WIDTH_MAX / NN_FEW_LANES,
    NN_FEW_QUADS = NN_WIDTH_MAX / 4,
};

struct nn_few_layer {
    uint32_t quads;              /* of inputs, rounded up to an even number */
    uint32_t vectors;            /* of outputs: 1, 2 or 4 */
    uint8_t place[NN_FEW_QUADS]; /* where each quad begins among the activations of a packet */
    uint8_t reserved[40];        /* what follows begins at a cache line */
    int32_t bias[NN_WIDTH_MAX];
    int32_t shift[NN_WIDTH_MAX];
    int32_t weight[NN_FEW_QUADS * NN_WIDTH_MAX]; /* [quad][vector][lane] quads of int8 */
};

_Static_assert(sizeof(struct nn_few_layer) % 64 == 0, "each layer begins at a cache line");

struct nn_few {
    struct nn_few_layer layers[NN_LAYERS_MAX] __attribute__((aligned(64)));
};

/* `few` is all zeros. Activations of layers but the first lie as nn_few_place says. */
void nn_few_fill(struct nn_few *few, const struct nn_model *model);

#endif
