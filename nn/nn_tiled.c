// SPDX-License-Identifier: BSD-2-Clause
#include "nn_tiled.h"

#include <stdlib.h>
#include <string.h>

static void fill_weights(struct nn_tiled_layer *tiled, const struct nn_layer *layer, bool last)
{
    int8_t *at = (int8_t *)tiled->weight;
    uint32_t tile;

    for (uint32_t first = 0; first < tiled->outputs; first += tile) {
        uint32_t left = tiled->outputs - first;

        tile = last && left <= NN_LAST_TILE ? left : NN_TILE;
        for (uint32_t quad = 0; quad < tiled->input_quads; quad++) {
            for (uint32_t o = first; o < first + tile; o++, at += 4)
                memcpy(at, &layer->weight[o][4 * quad], 4);
        }
    }
}

static void fill(struct nn_tiled *tiled, const struct nn_model *model)
{
    tiled->layer_count = model->layer_count;
    tiled->class_count = model->class_count;
    tiled->confidence = model->confidence;
    memcpy(tiled->code, model->code, sizeof(tiled->code));
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const struct nn_layer *layer = &model->layers[l];
        struct nn_tiled_layer *to = &tiled->layers[l];
        bool last = l == model->layer_count - 1;

        to->input_quads = (layer->inputs + 3) / 4;
        to->outputs = last ? layer->outputs : (layer->outputs + 3) / 4 * 4;
        for (uint32_t o = 0; o < layer->outputs; o++) {
            to->bias[o] = layer->bias[o];
            to->shift[o] = layer->shift[o];
        }
        fill_weights(to, layer, last); /* what a layer doesn't use is 0 in the model, too */
    }
}

void *nn_tiled_new(size_t size, const struct nn_model *model)
{
    size_t rounded = (size + 63) / 64 * 64;
    void *memory = aligned_alloc(64, rounded);

    if (memory) {
        memset(memory, 0, rounded);
        fill(memory, model);
    }
    return memory;
}
