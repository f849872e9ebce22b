// SPDX-License-Identifier: BSD-2-Clause
#include "dt_import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt.h"
#include "dt_ensemble.h"
#include "dt_quantise.h"
#include "dt_reference.h"

enum { BRANCHES_MAX = 256 }; /* branches that get golden vectors, two each */

static void score(const void *context, const uint32_t *features, struct import_score *score)
{
    const struct dt_model *model = context;
    struct dt_sums sums = {.score = {0}};

    dt_sums_of(&model->shape, model->nodes, DT_NO_MASK, model->scores, DT_NO_MASK, features,
               feature_count(model->shape.feature_set), &sums);
    struct lead lead = lead_of_scores(sums.score, model->shape.class_count);
    *score = (struct import_score){lead.class_index, lead.best, lead.second};
}

/* A row that comes by the branch `at`: `features`, moved as little as the branches above ask.
 * False where no row does. `parents` has each node's parent. */
static bool reach(const struct dt_model *model, const uint32_t *parents, uint32_t at,
                  uint32_t *features)
{
    uint32_t least[FEATURES_MAX] = {0};
    uint32_t most[FEATURES_MAX];

    memset(most, 0xff, sizeof(most));
    for (uint32_t child = at; parents[child] != UINT32_MAX; child = parents[child]) {
        const struct dt_node *node = &model->nodes[parents[child]];
        uint32_t feature = dt_node_value(node);

        if (child == dt_node_left(node) && node->threshold < most[feature])
            most[feature] = node->threshold;
        if (child != dt_node_left(node)) {
            if (node->threshold == UINT32_MAX)
                return false;
            if (node->threshold + 1 > least[feature])
                least[feature] = node->threshold + 1;
        }
    }
    for (uint32_t i = 0; i < feature_count(model->shape.feature_set); i++) {
        if (least[i] > most[i])
            return false;
        if (features[i] < least[i])
            features[i] = least[i];
        if (features[i] > most[i])
            features[i] = most[i];
    }
    return true;
}

/* Rows at a branch's threshold and just above it, spread evenly over all branches. */
static uint32_t pick_edges(const struct dt_model *model, const struct import *import,
                           const uint32_t *parents, uint32_t (*rows)[FEATURES_MAX])
{
    uint32_t branches = (model->node_count - model->shape.tree_count) / 2;
    uint32_t wanted = branches < BRANCHES_MAX ? branches : BRANCHES_MAX;
    uint32_t count = 0;
    uint32_t seen = 0;

    for (uint32_t at = 0; wanted > 0 && at < model->node_count; at++) {
        const struct dt_node *node = &model->nodes[at];

        if (dt_node_is_leaf(node))
            continue;
        uint32_t turn = (uint32_t)((uint64_t)seen * wanted / branches);
        uint32_t next = (uint32_t)((uint64_t)(seen + 1) * wanted / branches);
        seen++;
        if (turn == next)
            continue;
        memcpy(rows[count], import_row(import, (size_t)turn * import->rows / wanted),
               feature_count(import->feature_set) * sizeof(rows[0][0]));
        if (!reach(model, parents, at, rows[count]) || node->threshold == UINT32_MAX)
            continue;
        rows[count][dt_node_value(node)] = node->threshold;
        memcpy(rows[count + 1], rows[count], sizeof(rows[0]));
        rows[count + 1][dt_node_value(node)]++;
        count += 2;
    }
    return count;
}

static void find_parents(const struct dt_model *model, uint32_t *parents)
{
    for (uint32_t t = 0; t < model->shape.tree_count; t++)
        parents[model->shape.tree[t].root] = UINT32_MAX;
    for (uint32_t at = 0; at < model->node_count; at++) {
        const struct dt_node *node = &model->nodes[at];

        if (!dt_node_is_leaf(node))
            parents[dt_node_left(node)] = parents[dt_node_left(node) + 1] = at;
    }
}

/* Puts the rows behind the golden vectors that the file has. */
static int add_golden(struct q8 *file, const struct dt_model *model, uint32_t (*rows)[FEATURES_MAX],
                      uint32_t count, struct error *error)
{
    uint32_t total = file->golden_count + count;
    size_t golden_size = total * sizeof(struct q8_golden);
    struct q8_golden *golden = malloc(golden_size + file->payload_size);

    if (!golden)
        return error_set(error, -ENOMEM, "no memory for %u golden vectors", total);
    memcpy(golden, file->golden, file->golden_count * sizeof(*golden));
    for (uint32_t i = 0; i < count; i++) {
        struct import_score answer;

        score(model, rows[i], &answer);
        golden[file->golden_count + i] = (struct q8_golden){
            .verdict = {(uint16_t)answer.class_index,
                        confidence_of(&file->confidence, answer.best, answer.second)},
        };
        memcpy(golden[file->golden_count + i].features, rows[i], sizeof(rows[i]));
    }
    file->payload = memcpy((uint8_t *)golden + golden_size, file->payload, file->payload_size);
    free(file->memory);
    file->memory = golden;
    file->golden = golden;
    file->golden_count = total;
    return 0;
}

static int add_edges(struct q8 *file, const struct dt_model *model, const struct import *import,
                     struct error *error)
{
    uint32_t *parents = calloc(model->node_count, sizeof(*parents));
    uint32_t(*rows)[FEATURES_MAX] = calloc((size_t)2 * BRANCHES_MAX, sizeof(*rows));
    int err;

    if (!parents || !rows) {
        err = error_set(error, -ENOMEM, "no memory for %u nodes", model->node_count);
    } else {
        find_parents(model, parents);
        err = add_golden(file, model, rows, pick_edges(model, import, parents, rows), error);
    }
    free(parents);
    free(rows);
    return err;
}

static size_t count_agreeing(const struct dt_ensemble *ensemble, const struct dt_model *model,
                             const struct import *import)
{
    size_t agreeing = 0;

    for (size_t i = 0; i < import->rows; i++) {
        struct import_score answer;

        score(model, import_row(import, i), &answer);
        agreeing += answer.class_index == dt_ensemble_class(ensemble, import_row(import, i));
    }
    return agreeing;
}

int dt_import(struct q8 **out, const struct import *import, struct import_report *report,
              struct error *error)
{
    struct dt_ensemble *ensemble = NULL;
    int err = dt_ensemble_read(&ensemble, import, error);

    if (!err)
        err = dt_import_ensemble(out, ensemble, import, report, error);
    dt_ensemble_free(ensemble);
    return err;
}

int dt_import_ensemble(struct q8 **out, const struct dt_ensemble *ensemble,
                       const struct import *import, struct import_report *report,
                       struct error *error)
{
    struct dt_model *model = NULL;
    struct q8 *file = NULL;
    uint8_t *payload = NULL;
    size_t payload_size;

    int err = dt_quantise(&model, ensemble, error);
    if (!err)
        err = dt_model_encode(model, &payload, &payload_size, error);
    if (!err)
        err =
            import_finish(&file, Q8_DT, import, score, model, payload, payload_size, report, error);
    if (!err)
        err = add_edges(file, model, import, error);
    if (!err) {
        report->agreeing = count_agreeing(ensemble, model, import);
        *out = file;
        file = NULL;
    }
    q8_free(file);
    free(payload);
    dt_model_free(model);
    return err;
}
