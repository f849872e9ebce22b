// SPDX-License-Identifier: BSD-2-Clause
/* Quantises networks of fixed numbers and prints a hash of each: the same in every build and on
 * every machine, or an ONNX file imported here and there would give two models. */
#include <stdio.h>
#include <string.h>

#include "nn_quantise.h"
#include "nn_random.h"

enum {
    ROWS = 600,
};

/* Weights and rows as rough as trained ones: no power of two divides them. */
static void make(struct random *random, struct nn_float *network, uint32_t inputs,
                 uint8_t codes[ROWS][NN_INPUTS_MAX])
{
    uint32_t widths[NN_LAYERS_MAX];

    memset(network, 0, sizeof(*network));
    nn_random_shape(random, &network->layer_count, widths);
    for (uint32_t l = 0; l < network->layer_count; l++) {
        struct nn_float_layer *layer = &network->layers[l];

        layer->inputs = l == 0 ? inputs : widths[l - 1];
        layer->outputs = widths[l];
        for (uint32_t o = 0; o < layer->outputs; o++) {
            layer->bias[o] = ((double)random_below(random, 20001) - 10000) / 33333.0;
            for (uint32_t i = 0; i < layer->inputs; i++)
                layer->weight[o][i] = ((double)random_below(random, 20001) - 10000) / 17777.0;
        }
    }
    for (size_t r = 0; r < ROWS; r++) {
        for (uint32_t i = 0; i < inputs; i++)
            codes[r][i] = (uint8_t)random_below(random, 128);
    }
}

/* FNV-1a. */
static uint64_t hash(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t value = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        value = (value ^ at[i]) * UINT64_C(0x100000001b3);
    return value;
}

static void run(const struct nn_float *network, const uint8_t *codes, double logits[NN_WIDTH_MAX])
{
    double inputs[NN_INPUTS_MAX];

    for (uint32_t i = 0; i < NN_INPUTS_MAX; i++)
        inputs[i] = codes[i] / (double)NN_ACTIVATION_MAX;
    nn_float_run(network, inputs, logits);
}

int main(void)
{
    static struct nn_float network;
    static uint8_t codes[ROWS][NN_INPUTS_MAX];
    struct random random = {20240611};

    for (int round = 0; round < 6; round++) {
        static struct nn_model model;
        static double wanted[ROWS][NN_WIDTH_MAX];
        struct nn_rows rows = {(const uint8_t(*)[NN_INPUTS_MAX])codes,
                               (const double(*)[NN_WIDTH_MAX])wanted, ROWS};
        struct nn_choice choice;

        uint32_t inputs = round < 3 ? FEATURES_1 : FEATURES_2;

        make(&random, &network, inputs, codes);
        for (int i = 0; i < ROWS; i++)
            run(&network, codes[i], wanted[i]);
        memset(&model, 0, sizeof(model));
        if (nn_quantise(&model, &network, &rows, &choice, NULL))
            return 1;
        printf("%016llx %s, %zu agree\n", (unsigned long long)hash(&model, sizeof(model)),
               choice.name, choice.agreeing);
    }
    return 0;
}
