// SPDX-License-Identifier: BSD-2-Clause
/* The layers across packets, for any instruction set. Private to the variants of this folder.
 *
 * A group is as many packets as a vector has 32-bit lanes, and some groups go through the layers
 * together, so that a broadcast weight is used for all of them. The including file defines
 *   nn_vector            the vector type
 *   NN_LANES, NN_GROUPS  packets of a group; groups that go together
 * and, as always-inline functions,
 *   nn_vector nn_broadcast(int32_t value);
 *   void nn_dot(nn_vector *sum, nn_vector inputs, nn_vector weights);
 *     adds the four products of each lane, inputs 0..127, weights -127..127
 *   nn_vector nn_requantise_tile(const nn_vector sums[4], const int32_t shift[4]);
 *     nn_requantise of four outputs, which become the next layer's quad
 *   nn_vector nn_min(nn_vector a, nn_vector b), nn_max(...);
 *   nn_vector nn_if_greater(nn_vector a, nn_vector b, nn_vector yes, nn_vector no);
 * Arguments `groups`, `outputs`, `quads` and `input_quads` are constants wherever it matters. */
#ifndef AFXDP_NN_SIMD_H
#define AFXDP_NN_SIMD_H

#include "nn_tiled.h"

typedef nn_vector nn_activations[NN_QUADS_MAX][NN_GROUPS];

/* sums[group][output] of a tile, from its first weight and bias on. */
ALWAYS_INLINE void nn_tile(nn_vector sums[NN_GROUPS][NN_LAST_TILE], const nn_activations inputs,
                           const int32_t *weight, const int32_t *bias, uint32_t quads, int outputs,
                           int groups)
{
#pragma GCC unroll 6
    for (int o = 0; o < outputs; o++) {
#pragma GCC unroll 4
        for (int g = 0; g < groups; g++)
            sums[g][o] = nn_broadcast(bias[o]);
    }
#pragma GCC unroll 8
    for (uint32_t quad = 0; quad < quads; quad++, weight += outputs) {
#pragma GCC unroll 6
        for (int o = 0; o < outputs; o++) {
            nn_vector weights = nn_broadcast(weight[o]);
#pragma GCC unroll 4
            for (int g = 0; g < groups; g++)
                nn_dot(&sums[g][o], inputs[quad][g], weights);
        }
    }
}

ALWAYS_INLINE void nn_hidden_of(nn_activations outputs, const nn_activations inputs,
                                const struct nn_tiled_layer *layer, uint32_t quads, int groups)
{
    const int32_t *weight = layer->weight;

    for (uint32_t tile = 0; tile < layer->outputs / NN_TILE; tile++, weight += NN_TILE * quads) {
        nn_vector sums[NN_GROUPS][NN_LAST_TILE];

        nn_tile(sums, inputs, weight, &layer->bias[NN_TILE * tile], quads, NN_TILE, groups);
#pragma GCC unroll 4
        for (int g = 0; g < groups; g++)
            outputs[tile][g] = nn_requantise_tile(sums[g], &layer->shift[NN_TILE * tile]);
    }
}

/* The input layer, of `input_quads`, and the usual widths without a loop over the inputs:
 * 12-32-32-5 takes 4.2 instead of 4.4 ns per packet so, of which 3.2 are the products (Zen 5 at 3.8
 * GHz). */
ALWAYS_INLINE void nn_hidden_layer(nn_activations outputs, const nn_activations inputs,
                                   const struct nn_tiled_layer *layer, uint32_t input_quads,
                                   int groups)
{
    if (groups == NN_GROUPS && layer->input_quads == input_quads)
        nn_hidden_of(outputs, inputs, layer, input_quads, groups);
    else if (groups == NN_GROUPS && layer->input_quads == 4)
        nn_hidden_of(outputs, inputs, layer, 4, groups);
    else if (groups == NN_GROUPS && layer->input_quads == 8)
        nn_hidden_of(outputs, inputs, layer, 8, groups);
    else
        nn_hidden_of(outputs, inputs, layer, layer->input_quads, groups);
}

/* Of the classes seen so far, per packet. */
struct nn_leaders {
    nn_vector best[NN_GROUPS];
    nn_vector second[NN_GROUPS];
    nn_vector class_index[NN_GROUPS];
};

/* Only a larger logit takes the lead: ties stay with the lowest class. `before` is a constant: how
 * many classes have run, where it is 0 or 1, which meet no leader and no second, else 2. */
ALWAYS_INLINE void nn_race(struct nn_leaders *leaders, nn_vector logit, uint32_t class_index,
                           int before, int g)
{
    nn_vector this_class = nn_broadcast((int32_t)class_index);

    if (before == 0) {
        leaders->best[g] = logit;
        leaders->class_index[g] = this_class;
        return;
    }
    nn_vector behind = nn_min(logit, leaders->best[g]);

    leaders->class_index[g] =
        nn_if_greater(logit, leaders->best[g], this_class, leaders->class_index[g]);
    leaders->second[g] = before == 1 ? behind : nn_max(leaders->second[g], behind);
    leaders->best[g] = nn_max(leaders->best[g], logit);
}

ALWAYS_INLINE void nn_last_tile(struct nn_leaders *leaders, const nn_activations inputs,
                                const struct nn_tiled_layer *layer, uint32_t first, bool begins,
                                int outputs, int groups)
{
    nn_vector sums[NN_GROUPS][NN_LAST_TILE];

    nn_tile(sums, inputs, &layer->weight[first * layer->input_quads], &layer->bias[first],
            layer->input_quads, outputs, groups);
#pragma GCC unroll 6
    for (int o = 0; o < outputs; o++) {
#pragma GCC unroll 4
        for (int g = 0; g < groups; g++)
            nn_race(leaders, sums[g][o], first + (uint32_t)o, begins && o < 2 ? o : 2, g);
    }
}

/* The last of the last layer's tiles: what tiles of NN_TILE leave, or all of up to six classes. */
ALWAYS_INLINE void nn_finish(struct nn_leaders *leaders, const nn_activations inputs,
                             const struct nn_tiled_layer *layer, uint32_t first, bool begins,
                             int groups)
{
    switch (layer->outputs - first) {
    case 2:
        nn_last_tile(leaders, inputs, layer, first, begins, 2, groups);
        break;
    case 3:
        nn_last_tile(leaders, inputs, layer, first, begins, 3, groups);
        break;
    case 4:
        nn_last_tile(leaders, inputs, layer, first, begins, 4, groups);
        break;
    case 5:
        nn_last_tile(leaders, inputs, layer, first, begins, 5, groups);
        break;
    default:
        nn_last_tile(leaders, inputs, layer, first, begins, 6, groups);
        break;
    }
}

/* Two to six classes take one tile, more of them begin with a tile of four. */
ALWAYS_INLINE void nn_last_layer(struct nn_leaders *leaders, const nn_activations inputs,
                                 const struct nn_tiled_layer *layer, int groups)
{
    uint32_t first = NN_TILE;

    if (layer->outputs <= NN_LAST_TILE) {
        nn_finish(leaders, inputs, layer, 0, true, groups);
        return;
    }
    nn_last_tile(leaders, inputs, layer, 0, true, NN_TILE, groups);
    for (; layer->outputs - first > NN_LAST_TILE; first += NN_TILE)
        nn_last_tile(leaders, inputs, layer, first, false, NN_TILE, groups);
    nn_finish(leaders, inputs, layer, first, false, groups);
}

/* All layers on coded inputs in activations[0]; both arrays are overwritten. */
ALWAYS_INLINE void nn_layers(struct nn_leaders *leaders, nn_activations activations[2],
                             const struct nn_tiled *model, uint32_t input_quads, int groups)
{
    uint32_t last = model->layer_count - 1;

    for (uint32_t l = 0; l < last; l++)
        nn_hidden_layer(activations[~l & 1], activations[l & 1], &model->layers[l], input_quads,
                        groups);
    nn_last_layer(leaders, activations[last & 1], &model->layers[last], groups);
}

#endif
