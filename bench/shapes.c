// SPDX-License-Identifier: BSD-2-Clause
#include "shapes.h"

#include <stdlib.h>
#include <string.h>

static uint32_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15; /* splitmix64 */

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)(z >> 32);
}

static uint32_t below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)((uint64_t)next_random(state) * bound >> 32);
}

/* As many values of each order of magnitude, up to 2^bits. */
static uint32_t magnitude(uint64_t *state, uint32_t bits)
{
    return next_random(state) >> (32 - bits + below(state, bits));
}

static struct confidence_table any_confidence(void)
{
    struct confidence_table table = {.shift = 4};

    for (int i = 0; i < CONFIDENCE_STEPS; i++)
        table.step[i] = (uint16_t)(500 + i);
    return table;
}

struct nn_model *shape_nn(uint32_t feature_set, uint32_t layers, const uint32_t *widths)
{
    struct nn_model *model = calloc(1, sizeof(*model));
    uint64_t state = 1;
    uint32_t inputs = feature_count(feature_set);

    if (!model)
        return NULL;
    model->feature_set = feature_set;
    model->layer_count = layers;
    model->class_count = widths[layers - 1];
    model->confidence = any_confidence();
    for (uint32_t feature = 0; feature < inputs; feature++) {
        for (uint32_t i = 0; i < NN_CODES; i++)
            model->code[feature][i] = (uint8_t)(i * NN_ACTIVATION_MAX / (NN_CODES - 1));
    }
    for (uint32_t l = 0; l < layers; l++) {
        struct nn_layer *layer = &model->layers[l];

        layer->inputs = inputs;
        layer->outputs = widths[l];
        for (uint32_t o = 0; o < widths[l]; o++) {
            layer->bias[o] = (int32_t)below(&state, 20000) - 8000;
            layer->shift[o] = l + 1 < layers ? 8 : 0;
            for (uint32_t i = 0; i < inputs; i++)
                layer->weight[o][i] =
                    (int8_t)((1 + (int)below(&state, 127)) * (below(&state, 2) ? 1 : -1));
        }
        inputs = widths[l];
    }
    return model;
}

struct dt_model *shape_forest(uint32_t feature_set, uint32_t trees, uint32_t depth,
                              uint32_t classes, const uint32_t *inputs, size_t input_count)
{
    uint32_t width = feature_count(feature_set);
    uint32_t branches = (1u << depth) - 1;
    uint32_t per_tree = 2 * branches + 1;
    uint32_t leaves = branches + 1;
    struct dt_model *model = dt_model_allocate(trees * per_tree, trees * leaves, classes);
    uint64_t state = 2;

    if (!model)
        return NULL;
    model->shape.feature_set = feature_set;
    model->shape.tree_count = trees;
    model->shape.confidence = any_confidence();
    for (uint32_t t = 0; t < trees; t++) {
        uint32_t root = t * per_tree;

        model->shape.tree[t] = (struct dt_tree){root, depth};
        for (uint32_t i = 0; i < branches; i++) {
            uint32_t feature = below(&state, width);
            const uint32_t *of = inputs + below(&state, (uint32_t)input_count) * (size_t)width;

            model->nodes[root + i] = dt_node_make(feature, of[feature], root + 2 * i + 1);
        }
        for (uint32_t i = 0; i < leaves; i++) {
            uint32_t row = t * leaves + i;

            model->nodes[root + branches + i] = dt_node_make(DT_LEAF, row, root + branches + i);
            for (uint32_t c = 0; c < classes; c++)
                model->scores[row * classes + c] =
                    (int32_t)below(&state, (1u << 30) / DT_TREES_MAX / classes);
        }
    }
    return model;
}

/* What the flow's sides and its hosts do: most hosts little, some of them much. */
static void shape_hosts(uint32_t *f, uint64_t *state)
{
    f[FEATURE_FLAGS_FORWARD] = below(state, 64);
    f[FEATURE_FLAGS_BACKWARD] = below(state, 64);
    f[FEATURE_PAYLOAD_FORWARD] = magnitude(state, 16);
    f[FEATURE_PAYLOAD_BACKWARD] = magnitude(state, 16);
    for (uint32_t i = FEATURE_INITIATOR_FAILED; i < FEATURES_2; i++)
        f[i] = magnitude(state, 10);
    f[FEATURE_INITIATOR_FAILED_SHARE] = below(state, 256);
    f[FEATURE_INITIATOR_PEERS] = magnitude(state, 6) % 49;
    f[FEATURE_INITIATOR_PORTS] = magnitude(state, 6) % 49;
    f[FEATURE_PAIR_PORTS] = magnitude(state, 6) % 49;
    f[FEATURE_RESPONDER_SOURCES] = magnitude(state, 6) % 49;
    f[FEATURE_RESPONDER_NEW] = below(state, 256);
}

void shape_features(uint32_t *features, uint32_t feature_set, size_t count)
{
    static const uint16_t services[] = {22, 53, 80, 123, 443, 1883, 5201, 8080};
    uint64_t state = 3;
    uint64_t hosts = 4;

    for (size_t i = 0; i < count; i++) {
        uint32_t *f = features + i * feature_count(feature_set);

        f[FEATURE_SPORT] = 1024 + below(&state, 64512);
        f[FEATURE_DPORT] = below(&state, 4) ? services[below(&state, 8)] : below(&state, 65536);
        f[FEATURE_PROTOCOL] = below(&state, 4) ? 6 : 17;
        f[FEATURE_LENGTH] = 40 + below(&state, 1461);
        f[FEATURE_INTERVAL] = magnitude(&state, 27);
        f[FEATURE_DIRECTION] = below(&state, 2);
        f[FEATURE_MEAN_LENGTH] = (40 + below(&state, 1461)) << FEATURE_LENGTH_SHIFT;
        f[FEATURE_MEAN_INTERVAL] = magnitude(&state, 27);
        f[FEATURE_MEAN_DIRECTION] = below(&state, 1 << FEATURE_DIRECTION_SHIFT);
        f[FEATURE_DEV_LENGTH] = below(&state, 700) << FEATURE_LENGTH_SHIFT;
        f[FEATURE_DEV_INTERVAL] = magnitude(&state, 27);
        f[FEATURE_DEV_DIRECTION] = below(&state, 1 << (FEATURE_DIRECTION_SHIFT - 1));
        if (feature_set == FEATURE_SET_2)
            shape_hosts(f, &hosts);
    }
}
