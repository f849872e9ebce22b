// SPDX-License-Identifier: BSD-2-Clause
#include "nn_random.h"

#include <stdlib.h>
#include <string.h>

static void random_code(struct random *random, uint8_t code[NN_CODES])
{
    uint32_t kind = random_below(random, 4);
    uint32_t level = random_below(random, 2) ? 0 : random_below(random, 128);

    for (uint32_t i = 0; i < NN_CODES; i++) {
        code[i] = (uint8_t)(kind == 0 ? level : kind == 1 ? i * 127 / (NN_CODES - 1) : level);
        if (kind >= 2 && random_below(random, 4) == 0)
            level += random_below(random, kind == 2 ? 3 : 128 - level);
        if (level > NN_ACTIVATION_MAX)
            level = NN_ACTIVATION_MAX;
    }
}

/* A bias that reaches the edge of the overflow proof, is moderate, or is 0. */
static int32_t random_bias(struct random *random, const struct nn_layer *layer, uint32_t o)
{
    int32_t room = INT32_MAX;

    for (uint32_t i = 0; i < layer->inputs; i++)
        room -= abs(layer->weight[o][i]) * NN_ACTIVATION_MAX;
    switch (random_below(random, 5)) {
    case 0:
        return random_below(random, 2) ? room : -room;
    case 1:
        return 0;
    default:
        return (int32_t)random_below(random, 60000) - 20000;
    }
}

static void random_layer(struct random *random, struct nn_layer *layer, bool last)
{
    uint32_t kind = random_below(random, 4);

    for (uint32_t o = 0; o < layer->outputs; o++) {
        for (uint32_t i = 0; i < layer->inputs; i++) {
            int32_t weight = (int32_t)random_below(random, 255) - 127;
            if (kind == 0) /* the largest sums there are */
                weight = weight < 0 ? -127 : 127;
            else if (kind == 1)
                weight = 127;
            layer->weight[o][i] = (int8_t)weight;
        }
        layer->bias[o] = random_bias(random, layer, o);
        if (!last)
            layer->shift[o] = (uint8_t)(random_below(random, 3) ? 6 + random_below(random, 8)
                                                                : random_below(random, 32));
    }
}

uint32_t nn_random_set(struct random *random)
{
    return random_below(random, 2) ? FEATURE_SET_2 : FEATURE_SET_1;
}

void nn_random_model(struct random *random, struct nn_model *model, uint32_t feature_set,
                     uint32_t layers, const uint32_t *widths)
{
    memset(model, 0, sizeof(*model));
    model->feature_set = feature_set;
    model->layer_count = layers;
    model->class_count = widths[layers - 1];
    for (uint32_t f = 0; f < nn_inputs(model); f++)
        random_code(random, model->code[f]);
    for (uint32_t l = 0; l < layers; l++) {
        model->layers[l].inputs = l == 0 ? nn_inputs(model) : widths[l - 1];
        model->layers[l].outputs = widths[l];
        random_layer(random, &model->layers[l], l == layers - 1);
    }
    /* Two classes alike: ties happen. */
    struct nn_layer *output = &model->layers[layers - 1];
    if (random_below(random, 2)) {
        uint32_t to = random_below(random, output->outputs);

        memcpy(output->weight[to], output->weight[0], sizeof(output->weight[0]));
        output->bias[to] = output->bias[0];
    }
    model->confidence.shift = random_below(random, 32);
    uint32_t step = random_below(random, 900);
    for (uint32_t i = 0; i < CONFIDENCE_STEPS; i++) {
        step += random_below(random, 3);
        model->confidence.step[i] = (uint16_t)(step < CONFIDENCE_MAX ? step : CONFIDENCE_MAX);
    }
}

void nn_random_shape(struct random *random, uint32_t *layers, uint32_t widths[NN_LAYERS_MAX])
{
    *layers = 1 + random_below(random, NN_LAYERS_MAX);
    if (random_below(random, 2))
        *layers = 3;
    for (uint32_t l = 0; l < *layers; l++) {
        uint32_t width = 1 + random_below(random, NN_WIDTH_MAX);

        if (random_below(random, 2))
            width = (width + 15) / 16 * 16 - random_below(random, 2);
        widths[l] = width;
    }
    if (widths[*layers - 1] < 2)
        widths[*layers - 1] = 2;
}

uint32_t nn_random_value(struct random *random)
{
    uint32_t power = UINT32_C(1) << random_below(random, 32);

    switch (random_below(random, 6)) {
    case 0:
        return random_below(random, 64);
    case 1:
        return power + random_below(random, 3) - 1;
    case 2:
        return UINT32_MAX - random_below(random, 2);
    case 3:
        return power | random_below(random, power);
    case 4:
        return random_below(random, 65536);
    default:
        return random_word(random);
    }
}

void nn_random_features(struct random *random, uint32_t *features, size_t count)
{
    for (size_t i = 0; i < count; i++)
        features[i] = nn_random_value(random);
}
