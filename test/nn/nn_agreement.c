// SPDX-License-Identifier: BSD-2-Clause
#include "nn_agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

enum {
    BATCH_MOST = 200,
    BATCH_FEW = 10, /* few packets may go another way */
};

/* From the design page's words, with none of the code under test. */
uint32_t nn_index_by_hand(uint32_t value)
{
    uint32_t log = 0;

    if (value < 16)
        return value;
    while (value >> log > 1)
        log++;
    return (log - 3) * 16 + (value >> (log - 4)) % 16;
}

static struct verdict verdict_by_hand(const struct nn_model *model, const uint32_t *features)
{
    int64_t activations[NN_WIDTH_MAX] = {0}, sums[NN_WIDTH_MAX] = {0};

    for (uint32_t i = 0; i < nn_inputs(model); i++)
        activations[i] = model->code[i][nn_index_by_hand(features[i])];
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const struct nn_layer *layer = &model->layers[l];

        for (uint32_t o = 0; o < layer->outputs; o++) {
            sums[o] = layer->bias[o];
            for (uint32_t i = 0; i < layer->inputs; i++)
                sums[o] += layer->weight[o][i] * activations[i];
        }
        for (uint32_t o = 0; o < layer->outputs; o++) {
            activations[o] = sums[o] < 0 ? 0 : sums[o] / (INT64_C(1) << layer->shift[o]);
            activations[o] = activations[o] > 127 ? 127 : activations[o];
        }
    }
    uint32_t best = 0;
    int64_t lead = INT64_MAX;
    for (uint32_t o = 1; o < model->class_count; o++)
        best = sums[o] > sums[best] ? o : best;
    for (uint32_t o = 0; o < model->class_count; o++) {
        if (o != best && sums[best] - sums[o] < lead)
            lead = sums[best] - sums[o];
    }
    lead >>= model->confidence.shift;
    return (struct verdict){(uint16_t)best, model->confidence.step[lead < 255 ? lead : 255]};
}

static void describe(const struct nn_model *model, const uint32_t *features)
{
    printf("shape %u", nn_inputs(model));
    for (uint32_t l = 0; l < model->layer_count; l++)
        printf("-%u", model->layers[l].outputs);
    printf(", features");
    for (uint32_t f = 0; f < nn_inputs(model); f++)
        printf(" %u", features[f]);
    printf("\n");
}

/* Classifies ragged batches and expects verdicts[], and nothing written behind them. */
static bool check_variant(struct random *random, const struct classifier *classifier,
                          const struct nn_model *model, const uint32_t *features,
                          const struct verdict *want)
{
    uint32_t width = nn_inputs(model);
    struct verdict got[BATCH_MOST + 1];

    for (uint32_t round = 0; round < 8; round++) {
        size_t count = random_below(random, round % 2 ? BATCH_MOST + 1 : BATCH_FEW);
        size_t from = random_below(random, (uint32_t)(BATCH_MOST - count) + 1);

        memset(got, 0x5a, sizeof(got));
        classifier->classify(classifier->model, features + from * width, count, got);
        for (size_t i = 0; i < count; i++) {
            const struct verdict *expected = &want[from + i];

            if (got[i].class_index == expected->class_index &&
                got[i].confidence == expected->confidence)
                continue;
            describe(model, features + (from + i) * width);
            printf("%s, %zu of %zu: class %u confidence %u, want %u and %u\n", classifier->variant,
                   i, count, got[i].class_index, got[i].confidence, expected->class_index,
                   expected->confidence);
            return false;
        }
        if (got[count].class_index != 0x5a5a) {
            printf("%s wrote behind %zu verdicts\n", classifier->variant, count);
            return false;
        }
    }
    return true;
}

bool nn_agreement_check(struct random *random, const struct nn_model *model)
{
    static uint32_t features[BATCH_MOST * FEATURES_MAX];
    static struct verdict want[BATCH_MOST];
    bool agrees = true;

    nn_random_features(random, features, (size_t)BATCH_MOST * nn_inputs(model));
    for (size_t i = 0; i < BATCH_MOST; i++)
        want[i] = verdict_by_hand(model, features + i * nn_inputs(model));
    for (size_t v = 0; v < nn_variant_count(); v++) {
        struct classifier *classifier = NULL;

        if (!nn_variant_offered(v, cpu_levels()))
            continue;
        if (nn_variant_new(&classifier, v, model, NULL))
            return false;
        agrees = check_variant(random, classifier, model, features, want) && agrees;
        classifier->destroy(classifier);
    }
    return agrees;
}

bool nn_agreement_shapes(struct random *random, int rounds)
{
    static struct nn_model model;
    uint32_t widths[NN_LAYERS_MAX];
    uint32_t layers;

    for (int round = 0; round < rounds; round++) {
        nn_random_shape(random, &layers, widths);
        nn_random_model(random, &model, nn_random_set(random), layers, widths);
        if (!nn_agreement_check(random, &model))
            return false;
    }
    for (uint32_t classes = 2; classes <= 14; classes++) {
        for (uint32_t width = 16; width <= 64; width += 16) {
            for (uint32_t set = FEATURE_SET_1; set <= FEATURE_SET_2; set++) {
                nn_random_model(random, &model, set, 3, (uint32_t[]){width, width, classes});
                if (!nn_agreement_check(random, &model))
                    return false;
            }
        }
    }
    return true;
}

enum { EDGES = 3 * (NN_CODES + 1) };

/* A model whose confidence is the code of one feature, which tells the places from `first` on
 * apart. */
static void reveal(struct nn_model *model, uint32_t feature_set, uint32_t feature, uint32_t first)
{
    memset(model, 0, sizeof(*model));
    model->feature_set = feature_set;
    model->layer_count = 1;
    model->class_count = 2;
    model->layers[0].inputs = nn_inputs(model);
    model->layers[0].outputs = 2;
    model->layers[0].weight[0][feature] = 1;
    for (uint32_t f = 0; f < nn_inputs(model); f++) {
        for (uint32_t i = first; i < NN_CODES; i++)
            model->code[f][i] = (uint8_t)(i - first < 127 ? i - first : 127);
    }
    for (uint32_t i = 0; i < CONFIDENCE_STEPS; i++)
        model->confidence.step[i] = (uint16_t)i;
}

/* The least value of each place, its neighbours below and above, and the largest values. */
static uint32_t edge(uint32_t number)
{
    uint32_t index = number / 3;
    uint32_t least = index < 16 ? index : (16 | (index & 15)) << (index / 16 - 1);

    return index < NN_CODES ? least + number % 3 - 1 : UINT32_MAX - number % 3;
}

/* Expects of one variant the code of every edge in the feature that the model reveals. */
static bool check_codes(size_t variant, const struct nn_model *model, uint32_t feature,
                        const uint32_t *features)
{
    static struct verdict verdicts[EDGES];
    struct classifier *classifier = NULL;
    bool agrees = true;

    if (nn_variant_new(&classifier, variant, model, NULL))
        return false;
    classifier->classify(classifier->model, features, EDGES, verdicts);
    for (uint32_t i = 0; i < EDGES && agrees; i++) {
        uint32_t value = features[i * nn_inputs(model) + feature];
        uint32_t want = model->code[feature][nn_index_by_hand(value)];

        agrees = verdicts[i].confidence == want;
        if (!agrees)
            printf("%s codes feature %u of %u, value %u as %u, want %u\n", classifier->variant,
                   feature, nn_inputs(model), value, verdicts[i].confidence, want);
    }
    classifier->destroy(classifier);
    return agrees;
}

bool nn_agreement_codes(uint32_t feature_set)
{
    static struct nn_model model;
    static uint32_t features[EDGES * FEATURES_MAX];
    uint32_t width = feature_count(feature_set);

    for (uint32_t i = 0; i < EDGES; i++) {
        for (uint32_t f = 0; f < width; f++) /* another value in every feature */
            features[i * width + f] = edge((i + 100 * f) % EDGES);
    }
    for (uint32_t f = 0; f < width; f++) {
        for (uint32_t first = 0; first < NN_CODES; first += 120) {
            reveal(&model, feature_set, f, first);
            for (size_t v = 0; v < nn_variant_count(); v++) {
                if (nn_variant_offered(v, cpu_levels()) && !check_codes(v, &model, f, features))
                    return false;
            }
        }
    }
    return true;
}
