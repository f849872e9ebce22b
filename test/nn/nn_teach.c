// SPDX-License-Identifier: BSD-2-Clause
#include "nn_teach.h"

#include <math.h>
#include <string.h>

#include "nn_random.h"

void nn_teach_row(struct nn_float *network, const uint8_t *code, uint32_t label, double rate)
{
    double values[3][NN_WIDTH_MAX], sums[NN_WIDTH_MAX], slopes[NN_WIDTH_MAX] = {0}, total = 0;
    uint32_t last = network->layer_count - 1;
    uint32_t classes = network->layers[last].outputs;

    for (uint32_t i = 0; i < network->layers[0].inputs; i++)
        values[0][i] = code[i] / 127.0;
    for (uint32_t l = 0; l <= last; l++) {
        nn_float_layer_run(&network->layers[l], values[l], sums);
        for (uint32_t o = 0; l < last && o < network->layers[l].outputs; o++)
            values[l + 1][o] = sums[o] > 0 ? sums[o] : 0;
    }
    for (uint32_t o = 0; o < classes; o++)
        total += exp(sums[o]);
    for (uint32_t o = 0; o < classes; o++)
        slopes[o] = exp(sums[o]) / total - (o == label);
    for (uint32_t l = last + 1; l-- > 0;) {
        struct nn_float_layer *layer = &network->layers[l];
        double before[NN_WIDTH_MAX] = {0};

        for (uint32_t o = 0; o < layer->outputs; o++) {
            layer->bias[o] -= rate * slopes[o];
            for (uint32_t i = 0; i < layer->inputs; i++) {
                before[i] += slopes[o] * layer->weight[o][i];
                layer->weight[o][i] -= rate * slopes[o] * values[l][i];
            }
        }
        for (uint32_t i = 0; i < layer->inputs; i++)
            slopes[i] = values[l][i] > 0 ? before[i] : 0;
    }
}

void nn_teach_begin(struct nn_float *network, uint32_t inputs, uint32_t layers,
                    const uint32_t *widths)
{
    struct random random = {99};

    memset(network, 0, sizeof(*network));
    network->layer_count = layers;
    for (uint32_t l = 0; l < layers; l++) {
        struct nn_float_layer *layer = &network->layers[l];

        layer->inputs = l == 0 ? inputs : widths[l - 1];
        layer->outputs = widths[l];
        for (uint32_t o = 0; o < layer->outputs; o++) {
            layer->bias[o] = ((int)random_below(&random, 2001) - 1000) / 4096.0;
            for (uint32_t i = 0; i < layer->inputs; i++)
                layer->weight[o][i] = ((int)random_below(&random, 2001) - 1000) / 2048.0;
        }
    }
}

void nn_teach_round(struct nn_float *network)
{
    for (uint32_t l = 0; l < network->layer_count; l++) {
        for (uint32_t o = 0; o < network->layers[l].outputs; o++) {
            network->layers[l].bias[o] = (float)network->layers[l].bias[o];
            for (uint32_t i = 0; i < network->layers[l].inputs; i++)
                network->layers[l].weight[o][i] = (float)network->layers[l].weight[o][i];
        }
    }
}
