// SPDX-License-Identifier: BSD-2-Clause
#include "telltale.h"

#include <stdio.h>
#include <stdlib.h>

#include "dt_draft.h"

enum { HIDDEN = 6 };

/* Unit `which` of the first layer is on, whatever the input. Each layer hands it on; one that sees
 * another unit on, or is told of it, turns unit 2 on. */
struct nn_model *telltale_network(uint32_t which)
{
    struct nn_model *model = calloc(1, sizeof(*model));

    if (!model)
        abort();
    model->feature_set = FEATURE_SET_1;
    model->layer_count = HIDDEN + 1;
    model->class_count = TELLTALE_CLASSES;
    for (uint32_t l = 0; l <= HIDDEN; l++) {
        struct nn_layer *layer = &model->layers[l];

        layer->inputs = l == 0 ? FEATURES_1 : TELLTALE_CLASSES;
        layer->outputs = TELLTALE_CLASSES;
        for (uint32_t o = 0; o < TELLTALE_CLASSES && l < HIDDEN; o++)
            layer->shift[o] = 6;
        if (l == 0) {
            layer->bias[which] = NN_ACTIVATION_MAX << 6;
            continue;
        }
        layer->weight[which][which] = 127;
        layer->weight[TELLTALE_MIXED][1 - which] = 127;
        layer->weight[TELLTALE_MIXED][TELLTALE_MIXED] = 127;
    }
    return model;
}

/* Trees of two leaves, both of the same row: row 0 for model 0, row 1 for model 1. In the scores
 * only that row is of the model's class. */
struct dt_model *telltale_forest(uint32_t which, uint32_t trees)
{
    struct dt_draft_node nodes[3 * DT_TREES_MAX] = {{0}};
    int32_t scores[2][TELLTALE_CLASSES] = {{0}};
    struct dt_draft draft = {.feature_set = FEATURE_SET_1,
                             .class_count = TELLTALE_CLASSES,
                             .tree_count = trees,
                             .nodes = nodes,
                             .node_count = 3 * trees,
                             .scores = &scores[0][0],
                             .row_count = 2};
    struct dt_model *model;
    struct error error;

    scores[which][which] = 1000;
    scores[1 - which][TELLTALE_MIXED] = 1000;
    for (uint32_t t = 0; t < trees; t++) {
        draft.root[t] = 3 * t;
        nodes[3 * t] =
            (struct dt_draft_node){.threshold = 500, .left = 3 * t + 1, .right = 3 * t + 2};
        nodes[3 * t + 1] = nodes[3 * t + 2] = (struct dt_draft_node){.is_leaf = true, .row = which};
    }
    if (dt_draft_finish(&model, &draft, &error) != 0) {
        fprintf(stderr, "telltale_forest: %s\n", error.text);
        abort();
    }
    return model;
}
