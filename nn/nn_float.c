// SPDX-License-Identifier: BSD-2-Clause
#include "nn_float.h"

void nn_float_layer_run(const struct nn_float_layer *layer, const double *inputs, double *sums)
{
    for (uint32_t o = 0; o < layer->outputs; o++) {
        double sum = layer->bias[o];

        for (uint32_t i = 0; i < layer->inputs; i++)
            sum += layer->weight[o][i] * inputs[i];
        sums[o] = sum;
    }
}

uint32_t nn_float_classify(const struct nn_float *network, const uint8_t *codes)
{
    double values[NN_WIDTH_MAX] = {0};
    double sums[NN_WIDTH_MAX] = {0};
    uint32_t best = 0;

    for (uint32_t i = 0; i < network->layers[0].inputs; i++)
        values[i] = codes[i] / (double)NN_ACTIVATION_MAX;
    for (uint32_t l = 0; l < network->layer_count; l++) {
        nn_float_layer_run(&network->layers[l], values, sums);
        for (uint32_t o = 0; o < network->layers[l].outputs; o++)
            values[o] = sums[o] > 0 ? sums[o] : 0;
    }
    const struct nn_float_layer *last = &network->layers[network->layer_count - 1];
    for (uint32_t o = 1; o < last->outputs; o++)
        best = sums[o] > sums[best] ? o : best;
    return best;
}
