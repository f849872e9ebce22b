// SPDX-License-Identifier: BSD-2-Clause
#include "nn_few.h"

#include <string.h>

/* Inputs lie as they come. Of the outputs of a hidden layer, packs put those of one 128-bit lane of
 * up to four vectors side by side. */
static uint32_t place_of(uint32_t quad, bool input)
{
    return 4 * (input ? quad : 4 * (quad % 4) + quad / 4);
}

static uint32_t round_up(uint32_t value, uint32_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static void fill_layer(struct nn_few_layer *few, const struct nn_layer *layer, bool input,
                       bool last)
{
    uint32_t vectors = round_up(layer->outputs, NN_FEW_LANES) / NN_FEW_LANES;

    few->quads = round_up(layer->inputs, 8) / 4;
    few->vectors = vectors == 3 ? 4 : vectors;
    for (uint32_t o = 0; o < few->vectors * NN_FEW_LANES; o++)
        few->bias[o] = o < layer->outputs ? layer->bias[o] : last ? INT32_MIN : 0;
    for (uint32_t o = 0; o < layer->outputs; o++)
        few->shift[o] = layer->shift[o];
    for (uint32_t quad = 0; quad < few->quads; quad++) {
        few->place[quad] = (uint8_t)place_of(quad, input);
        for (uint32_t o = 0; o < layer->outputs; o++)
            memcpy(&few->weight[quad * few->vectors * NN_FEW_LANES + o],
                   &layer->weight[o][4 * quad], 4);
    }
}

void nn_few_fill(struct nn_few *few, const struct nn_model *model)
{
    for (uint32_t l = 0; l < model->layer_count; l++)
        fill_layer(&few->layers[l], &model->layers[l], l == 0, l == model->layer_count - 1);
}
