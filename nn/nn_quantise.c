// SPDX-License-Identifier: BSD-2-Clause
#include "nn_quantise.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn_reference.h"
#include "nn_scale.h"
#include "nn_tune.h"

enum {
    CLIPPINGS = 3,
};

static const char *const rule_names[NN_RULES] = {"largest weight", "full activation range",
                                                 "least squared error"};
static const char *const clipping_names[CLIPPINGS] = {"unclipped", "clipped at 99.9 %",
                                                      "clipped at 99.5 %"};
static const size_t kept_of_1000[CLIPPINGS] = {1000, 999, 995};

/* What all attempts share: the float network's answers. */
struct search {
    const struct nn_float *network;
    const struct nn_rows *rows;
    /* Evenly picked rows, and the activations behind each layer: values[layer][output][sample]. */
    size_t samples;
    uint8_t (*codes)[NN_WIDTH_MAX];
    double (*values)[NN_WIDTH_MAX][NN_SAMPLES_MAX];
    double range[CLIPPINGS][NN_LAYERS_MAX][NN_WIDTH_MAX];
    uint8_t (*activations)[NN_WIDTH_MAX]; /* of the attempt under way, [samples] */
};

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Activations above 0, the largest dropped by each clipping; 0 where there are none. */
static void find_ranges(struct search *search, uint32_t l, uint32_t o)
{
    double sorted[NN_SAMPLES_MAX];
    size_t count = 0;

    for (size_t s = 0; s < search->samples; s++) {
        if (search->values[l][o][s] > 0)
            sorted[count++] = search->values[l][o][s];
    }
    qsort(sorted, count, sizeof(*sorted), compare_doubles);
    for (int clipping = 0; clipping < CLIPPINGS; clipping++) {
        size_t kept = (count * kept_of_1000[clipping] + 999) / 1000;

        search->range[clipping][l][o] = kept > 0 ? sorted[kept - 1] : 0;
    }
}

/* The float network on the samples. */
static void run_samples(struct search *search)
{
    const struct nn_float *network = search->network;

    for (size_t s = 0; s < search->samples; s++) {
        double values[NN_WIDTH_MAX];
        double sums[NN_WIDTH_MAX];

        memcpy(search->codes[s], search->rows->codes[s * search->rows->count / search->samples],
               network->layers[0].inputs);
        for (uint32_t i = 0; i < network->layers[0].inputs; i++)
            values[i] = search->codes[s][i] / (double)NN_ACTIVATION_MAX;
        for (uint32_t l = 0; l < network->layer_count; l++) {
            nn_float_layer_run(&network->layers[l], values, sums);
            for (uint32_t o = 0; o < network->layers[l].outputs; o++) {
                values[o] = fmax(sums[o], 0);
                search->values[l][o][s] = values[o];
            }
        }
    }
    for (uint32_t l = 0; l + 1 < network->layer_count; l++) {
        for (uint32_t o = 0; o < network->layers[l].outputs; o++)
            find_ranges(search, l, o);
    }
}

static void search_free(struct search *search)
{
    if (!search)
        return;
    free(search->codes);
    free(search->values);
    free(search->activations);
    free(search);
}

static struct search *search_new(const struct nn_float *network, const struct nn_rows *rows)
{
    struct search *search = calloc(1, sizeof(*search));

    if (!search)
        return NULL;
    search->network = network;
    search->rows = rows;
    search->samples = rows->count < NN_SAMPLES_MAX ? rows->count : NN_SAMPLES_MAX;
    search->codes = calloc(search->samples, sizeof(*search->codes));
    search->values = calloc(network->layer_count, sizeof(*search->values));
    search->activations = calloc(search->samples, sizeof(*search->activations));
    if (!search->codes || !search->values || !search->activations) {
        search_free(search);
        return NULL;
    }
    run_samples(search);
    return search;
}

/* The output on integer activations, each standing for its input's scale. */
static void channel_of(struct nn_channel *channel, const struct nn_float_layer *layer, uint32_t o,
                       const double *input_scales)
{
    channel->inputs = layer->inputs;
    channel->bias = layer->bias[o];
    for (uint32_t i = 0; i < layer->inputs; i++)
        channel->weight[i] = layer->weight[o][i] * input_scales[i];
}

/* An output that no sample activates still gets a range: the largest sum there is. */
static double bound_of(const struct nn_channel *channel)
{
    double bound = channel->bias;

    for (uint32_t i = 0; i < channel->inputs; i++)
        bound += fmax(channel->weight[i], 0) * NN_ACTIVATION_MAX;
    return fmax(bound, 0);
}

static void store(struct nn_layer *layer, uint32_t o, const struct nn_integers *integers)
{
    layer->bias[o] = integers->bias;
    layer->shift[o] = (uint8_t)integers->shift;
    memcpy(layer->weight[o], integers->weight, sizeof(integers->weight));
}

/* A hidden layer; turns the scales of its inputs into those of its outputs. */
static void quantise_hidden(struct nn_model *model, struct search *search, uint32_t l,
                            enum nn_rule rule, int clipping, double *scales)
{
    const struct nn_float_layer *layer = &search->network->layers[l];
    double output_scales[NN_WIDTH_MAX];

    for (uint32_t o = 0; o < layer->outputs; o++) {
        struct nn_samples samples = {search->activations, search->values[l][o], search->samples};
        struct nn_channel channel;
        struct nn_integers integers;

        channel_of(&channel, layer, o, scales);
        channel.range = search->range[clipping][l][o];
        if (channel.range <= 0)
            channel.range = bound_of(&channel);
        nn_scale_hidden(&integers, &channel, rule, &samples);
        store(&model->layers[l], o, &integers);
        output_scales[o] = ldexp(integers.scale, (int)integers.shift);
    }
    memcpy(scales, output_scales, layer->outputs * sizeof(*scales));
    for (size_t s = 0; s < search->samples; s++) {
        uint8_t outputs[NN_WIDTH_MAX] = {0};

        for (uint32_t o = 0; o < layer->outputs; o++)
            outputs[o] = nn_requantise(nn_neuron(&model->layers[l], o, search->activations[s]),
                                       model->layers[l].shift[o]);
        memcpy(search->activations[s], outputs, sizeof(outputs));
    }
}

/* Logits are compared with each other, so they share one scale. */
static void quantise_last(struct nn_model *model, const struct nn_float_layer *layer, uint32_t l,
                          const double *scales)
{
    struct nn_channel channel;
    struct nn_integers integers;
    double shared = 0;

    for (uint32_t o = 0; o < layer->outputs; o++) {
        channel_of(&channel, layer, o, scales);
        shared = fmax(shared, nn_scale_least(&channel));
    }
    for (uint32_t o = 0; o < layer->outputs; o++) {
        channel_of(&channel, layer, o, scales);
        nn_scale_round(&integers, &channel, shared, 0);
        store(&model->layers[l], o, &integers);
    }
}

static void quantise(struct nn_model *model, struct search *search, enum nn_rule rule, int clipping)
{
    const struct nn_float *network = search->network;
    double scales[NN_WIDTH_MAX] = {0};
    uint32_t last = network->layer_count - 1;

    for (uint32_t i = 0; i < network->layers[0].inputs; i++)
        scales[i] = 1.0 / NN_ACTIVATION_MAX;
    memcpy(search->activations, search->codes, search->samples * sizeof(*search->codes));
    for (uint32_t l = 0; l < network->layer_count; l++) {
        model->layers[l].inputs = network->layers[l].inputs;
        model->layers[l].outputs = network->layers[l].outputs;
    }
    for (uint32_t l = 0; l < last; l++)
        quantise_hidden(model, search, l, rule, clipping, scales);
    quantise_last(model, &network->layers[last], last, scales);
}

static size_t agreement(const struct nn_model *model, const struct search *search)
{
    static const struct confidence_table none;
    size_t agreeing = 0;

    for (size_t i = 0; i < search->rows->count; i++) {
        int32_t logits[NN_WIDTH_MAX];

        nn_logits_of(model, search->rows->codes[i], NN_INPUTS_MAX, logits);
        agreeing += nn_verdict(logits, model->class_count, &none).class_index ==
                    nn_float_best(search->network, search->rows->wanted[i]);
    }
    return agreeing;
}

int nn_quantise(struct nn_model *model, const struct nn_float *network, const struct nn_rows *rows,
                struct nn_choice *choice, struct error *error)
{
    struct search *search = search_new(network, rows);
    struct nn_model *tried = calloc(1, sizeof(*tried));
    int err = 0;

    if (!search || !tried) {
        err = error_set(error, -ENOMEM, "no memory for the scale search");
        goto out;
    }
    choice->name[0] = '\0';
    tried->layer_count = network->layer_count;
    tried->class_count = network->layers[network->layer_count - 1].outputs;
    for (int rule = NN_RULES - 1; rule >= 0; rule--) {
        for (int clipping = 0; clipping < CLIPPINGS; clipping++) {
            quantise(tried, search, (enum nn_rule)rule, clipping);
            size_t agreeing = agreement(tried, search);

            if (choice->name[0] != '\0' && agreeing <= choice->agreeing)
                continue;
            choice->agreeing = agreeing;
            snprintf(choice->name, sizeof(choice->name), "%s, %s", rule_names[rule],
                     clipping_names[clipping]);
            model->layer_count = tried->layer_count;
            model->class_count = tried->class_count;
            memcpy(model->layers, tried->layers, sizeof(model->layers));
        }
    }
    err = nn_tune(model, rows);
    if (err)
        err = error_set(error, err, "no memory to tune the network");
out:
    free(tried);
    search_free(search);
    return err;
}
