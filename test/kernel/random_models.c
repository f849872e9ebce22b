// SPDX-License-Identifier: BSD-2-Clause
#include "random_models.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt_draft.h"

struct generator {
    uint64_t state;
};

static uint32_t below(struct generator *generator, uint32_t bound)
{
    generator->state += 0x9e3779b97f4a7c15; /* splitmix64 */
    uint64_t z = generator->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ (z >> 31)) >> 32) % bound;
}

static void fill_confidence(struct confidence_table *table, uint32_t shift)
{
    table->shift = shift;
    for (uint32_t i = 0; i < CONFIDENCE_STEPS; i++)
        table->step[i] = (uint16_t)(200 + 3 * i);
}

static void fill_layer(struct generator *generator, struct nn_layer *layer, uint32_t inputs,
                       uint32_t outputs, bool last)
{
    layer->inputs = inputs;
    layer->outputs = outputs;
    for (uint32_t o = 0; o < outputs; o++) {
        layer->bias[o] = (int32_t)below(generator, 8000) - 3000;
        layer->shift[o] = last ? 0 : (uint8_t)(6 + below(generator, 3));
        for (uint32_t i = 0; i < inputs; i++) /* bell-shaped, as trained weights are */
            layer->weight[o][i] =
                (int8_t)((int)(below(generator, 84) + below(generator, 84) + below(generator, 84)) -
                         124);
    }
}

struct nn_model *random_network(uint64_t seed, uint32_t feature_set, uint32_t layers,
                                const uint32_t *widths)
{
    struct nn_model *model = calloc(1, sizeof(*model));
    struct generator generator = {seed};
    uint32_t inputs = feature_count(feature_set);

    if (!model)
        abort();
    model->feature_set = feature_set;
    model->layer_count = layers;
    model->class_count = widths[layers - 1];
    fill_confidence(&model->confidence, 6);
    for (uint32_t f = 0; f < inputs; f++) {
        for (uint32_t i = 1; i < NN_CODES; i++) {
            uint32_t code = model->code[f][i - 1] + (below(&generator, 100) < 40 ? 1u : 0);
            model->code[f][i] = (uint8_t)(code < NN_ACTIVATION_MAX ? code : NN_ACTIVATION_MAX);
        }
    }
    for (uint32_t l = 0; l < layers; l++) {
        fill_layer(&generator, &model->layers[l], inputs, widths[l], l == layers - 1);
        inputs = widths[l];
    }
    return model;
}

/* A threshold among values that the feature takes. */
static uint32_t threshold_for(struct generator *generator, uint32_t feature)
{
    switch (feature) {
    case FEATURE_SPORT:
    case FEATURE_DPORT:
        return below(generator, 2) ? below(generator, 1024) : below(generator, 65536);
    case FEATURE_PROTOCOL:
        return below(generator, 2) ? 6 : 16;
    case FEATURE_LENGTH:
        return 40 + below(generator, 1000);
    case FEATURE_MEAN_LENGTH:
    case FEATURE_DEV_LENGTH:
        return below(generator, 200000);
    case FEATURE_DIRECTION:
        return 0;
    case FEATURE_MEAN_DIRECTION:
    case FEATURE_DEV_DIRECTION:
        return below(generator, 65536);
    case FEATURE_INTERVAL:
    case FEATURE_MEAN_INTERVAL:
    case FEATURE_DEV_INTERVAL:
        return 1u << below(generator, 28);
    case FEATURE_PAYLOAD_FORWARD:
    case FEATURE_PAYLOAD_BACKWARD:
        return 1u << below(generator, 16);
    case FEATURE_FLAGS_FORWARD:
    case FEATURE_FLAGS_BACKWARD:
    case FEATURE_INITIATOR_FAILED_SHARE:
    case FEATURE_RESPONDER_NEW:
        return below(generator, 255);
    default: /* of hosts: most do little */
        return below(generator, 2) ? below(generator, 4) : below(generator, 48);
    }
}

struct grower {
    struct generator generator;
    struct dt_draft_node *nodes;
    uint32_t features;
    uint32_t count;
    uint32_t rows;
};

enum { NODES_MAX = 1 << 18 };

static uint32_t grow(struct grower *grower, uint32_t depth, uint32_t level)
{
    if (grower->count == NODES_MAX)
        abort();
    uint32_t at = grower->count++;
    struct dt_draft_node *node = &grower->nodes[at];

    if (depth == 0 || (level >= 10 && below(&grower->generator, 100) < 45)) {
        *node =
            (struct dt_draft_node){.is_leaf = true, .row = below(&grower->generator, grower->rows)};
        return at;
    }
    node->feature = below(&grower->generator, grower->features);
    node->threshold = threshold_for(&grower->generator, node->feature);
    uint32_t left = grow(grower, depth - 1, level + 1);
    uint32_t right = grow(grower, depth - 1, level + 1);
    grower->nodes[at].left = left;
    grower->nodes[at].right = right;
    return at;
}

struct dt_model *random_forest(uint64_t seed, uint32_t feature_set, uint32_t trees, uint32_t depth,
                               uint32_t classes)
{
    struct grower grower = {
        .generator = {seed}, .features = feature_count(feature_set), .rows = 500};
    struct dt_draft draft = {
        .feature_set = feature_set, .class_count = classes, .tree_count = trees};
    int32_t *scores = calloc((size_t)grower.rows * classes, sizeof(*scores));
    struct error error;
    struct dt_model *model;

    grower.nodes = calloc(NODES_MAX, sizeof(*grower.nodes));
    if (!grower.nodes || !scores)
        abort();
    for (uint32_t i = 0; i < grower.rows * classes; i++)
        scores[i] = (int32_t)below(&grower.generator, 1 << 20);
    for (uint32_t t = 0; t < trees; t++)
        draft.root[t] = grow(&grower, depth, 0);
    draft.nodes = grower.nodes;
    draft.node_count = grower.count;
    draft.scores = scores;
    draft.row_count = grower.rows;
    if (dt_draft_finish(&model, &draft, &error)) {
        fprintf(stderr, "random_forest: %s\n", error.text);
        abort();
    }
    fill_confidence(&model->shape.confidence, 12);
    free(grower.nodes);
    free(scores);
    return model;
}
