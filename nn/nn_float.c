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

void nn_float_run(const struct nn_float *network, const double *inputs, double logits[NN_WIDTH_MAX])
{
    double values[NN_WIDTH_MAX] = {0};

    for (uint32_t i = 0; i < network->layers[0].inputs; i++)
        values[i] = inputs[i];
    for (uint32_t l = 0; l < network->layer_count; l++) {
        nn_float_layer_run(&network->layers[l], values, logits);
        for (uint32_t o = 0; o < network->layers[l].outputs; o++)
            values[o] = logits[o] > 0 ? logits[o] : 0;
    }
}

uint32_t nn_float_best(const struct nn_float *network, const double logits[NN_WIDTH_MAX])
{
    uint32_t best = 0;

    for (uint32_t o = 1; o < network->layers[network->layer_count - 1].outputs; o++)
        best = logits[o] > logits[best] ? o : best;
    return best;
}

uint32_t nn_float_classify(const struct nn_float *network, const uint8_t *codes)
{
    double inputs[NN_WIDTH_MAX] = {0};
    double logits[NN_WIDTH_MAX] = {0};

    for (uint32_t i = 0; i < network->layers[0].inputs; i++)
        inputs[i] = codes[i] / (double)NN_ACTIVATION_MAX;
    nn_float_run(network, inputs, logits);
    return nn_float_best(network, logits);
}
