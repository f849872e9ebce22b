// SPDX-License-Identifier: BSD-2-Clause
#include "nn_pack.h"

#include <string.h>

#include "nn_reference.h"

struct nn_bounds nn_bounds_of(const struct nn_layer *layer, uint32_t output,
                              const uint8_t most[NN_WIDTH_MAX])
{
    struct nn_bounds bounds = {layer->bias[output], layer->bias[output]};

    for (uint32_t i = 0; i < layer->inputs; i++) {
        int64_t product = (int64_t)layer->weight[output][i] * most[i];

        *(product < 0 ? &bounds.low : &bounds.high) += product;
    }
    return bounds;
}

static bool fits_narrow_lanes(const struct nn_layer *layer)
{
    uint8_t most[NN_WIDTH_MAX];

    memset(most, NN_ACTIVATION_MAX, sizeof(most));
    for (uint32_t o = 0; o < layer->outputs; o++) {
        struct nn_bounds bounds = nn_bounds_of(layer, o, most);

        if (bounds.low < -(1 << (NN_LANE_BITS - 1)) || bounds.high >= 1 << (NN_LANE_BITS - 1))
            return false;
    }
    return true;
}

static uint32_t round_up(uint32_t value, uint32_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static void pack_output(struct nn_packed_layer *packed, const struct nn_layer *layer, uint32_t o,
                        uint32_t lanes, uint32_t bits)
{
    uint32_t word = o / lanes;
    uint32_t k = o % lanes;
    uint32_t at = k * bits;
    bool top = k == lanes - 1;
    /* A lower lane's own bits, the top lane's up to bit 63. Sums that the shift takes out of the
     * lane altogether leave only their sign, which is all the clamp asks for. */
    uint32_t left = top ? 0 : 64 - at - bits;
    uint32_t right = left + at + layer->shift[o];

    packed->lane[word][k] =
        (struct nn_lane){(uint8_t)left, (uint8_t)(right < 63 ? right : 63), (uint8_t)o, 0};
    packed->start[word] += (uint64_t)(int64_t)layer->bias[o] << at;
    if (!top) {
        packed->start[word] += 1ull << (at + bits - 1);
        packed->flip |= 1ull << (at + bits - 1);
    }
    for (uint32_t i = 0; i < layer->inputs; i++)
        packed->weight[word / NN_WORDS_STEP][i][word % NN_WORDS_STEP] +=
            (uint64_t)(int64_t)layer->weight[o][i] << at;
}

static void pack_layer(struct nn_packed_layer *packed, const struct nn_layer *layer)
{
    bool narrow = fits_narrow_lanes(layer);
    uint32_t lanes = narrow ? NN_LANES : 2;
    uint32_t words = (layer->outputs + lanes - 1) / lanes;

    packed->inputs = round_up(layer->inputs, NN_INPUTS_STEP);
    packed->words = round_up(words, NN_WORDS_STEP);
    for (uint32_t w = 0; w < NN_WORDS_MAX; w++) {
        for (uint32_t k = 0; k < NN_LANES; k++)
            packed->lane[w][k].to = NN_ROW_DUMP;
    }
    for (uint32_t o = 0; o < layer->outputs; o++)
        pack_output(packed, layer, o, lanes, narrow ? NN_LANE_BITS : NN_WIDE_BITS);
    /* Words without their last lanes lack the start values that `flip` would take away; what it
     * then leaves there goes to the dump. */
}

void nn_pack(struct nn_packed *packed, const struct nn_model *model)
{
    memset(packed, 0, sizeof(*packed));
    packed->layer_count = model->layer_count;
    packed->class_count = model->class_count;
    packed->inputs = nn_inputs(model);
    packed->confidence = model->confidence;
    for (uint32_t i = 0; i < NN_WINDOW; i++)
        packed->index[i] = (uint8_t)nn_code_index(i);
    for (uint32_t f = 0; f < nn_inputs(model); f++)
        memcpy(packed->code[f], model->code[f], NN_CODES);
    for (uint32_t l = 0; l < model->layer_count; l++)
        pack_layer(&packed->layer[l], &model->layers[l]);
}
