// SPDX-License-Identifier: BSD-2-Clause
#include "nn_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn.h"
#include "nn_code.h"
#include "nn_quantise.h"
#include "nn_reference.h"

static void score(const void *context, const uint32_t *features, struct import_score *score)
{
    const struct nn_model *model = context;
    static const struct confidence_table none;
    int32_t logits[NN_WIDTH_MAX];

    nn_logits(model, features, nn_inputs(model), logits);
    score->class_index = nn_verdict(logits, model->class_count, &none).class_index;
    score->best = logits[score->class_index];
    score->second = INT32_MIN;
    for (uint32_t i = 0; i < model->class_count; i++) {
        if (i != score->class_index && logits[i] > score->second)
            score->second = logits[i];
    }
}

static int take_code(struct nn_model *model, const struct import *import, struct error *error)
{
    const char *text = onnx_metadata(import->onnx, "afxdp.code");
    struct nn_code_tables tables;

    if (!text)
        text = import->code;
    if (!text)
        return error_set(error, -EINVAL,
                         "a network needs the input code that it was trained with: give --code, "
                         "or the property afxdp.code");
    int err = nn_code_parse(&tables, text, error);
    if (!err && tables.feature_set != model->feature_set)
        err = error_set(error, -EINVAL, "the input code is of feature set %u, the network of %u",
                        tables.feature_set, model->feature_set);
    if (!err)
        memcpy(model->code, tables.code, sizeof(model->code));
    return err;
}

static size_t count_agreeing(const struct nn_model *model, const struct nn_float *network,
                             const struct import *import, const uint8_t (*codes)[NN_INPUTS_MAX])
{
    size_t agreeing = 0;

    for (size_t i = 0; i < import->rows; i++) {
        struct import_score answer;

        score(model, import_row(import, i), &answer);
        agreeing += answer.class_index == nn_float_classify(network, codes[i]);
    }
    return agreeing;
}

/* The layers, by search or exactly, and what they agree in with the float network. */
static int take_layers(struct nn_model *model, const struct nn_float *network,
                       const struct import *import, struct import_report *report,
                       struct error *error)
{
    const char *shifts = onnx_metadata(import->onnx, "afxdp.shifts");
    uint8_t(*codes)[NN_INPUTS_MAX] = calloc(import->rows, sizeof(*codes));
    struct nn_rows rows = {codes, import->rows};
    struct nn_choice choice = {"as trained", 0};
    int err;

    if (!codes)
        return error_set(error, -ENOMEM, "no memory for %zu calibration rows", import->rows);
    for (size_t i = 0; i < import->rows; i++)
        nn_code(model->code, import_row(import, i), nn_inputs(model), codes[i]);
    if (shifts)
        err = nn_quantise_exactly(model, network, shifts, error);
    else
        err = nn_quantise(model, network, &rows, &choice, error);
    if (!err) {
        report->agreeing = count_agreeing(model, network, import, codes);
        snprintf(report->choice, sizeof(report->choice), "%s", choice.name);
    }
    free(codes);
    return err;
}

int nn_import(struct q8 **out, const struct import *import, struct import_report *report,
              struct error *error)
{
    struct nn_float *network = NULL;
    struct nn_model *model = NULL;
    struct nn_model *again = NULL;
    uint8_t *payload = NULL;
    struct q8 *file = NULL;
    size_t size;
    int err = nn_float_read(&network, import->onnx, feature_count(import->feature_set), error);

    if (err)
        goto out;
    if (network->layers[network->layer_count - 1].outputs != import->class_count) {
        err = error_set(error, -EINVAL, "%u outputs for %u classes",
                        network->layers[network->layer_count - 1].outputs, import->class_count);
        goto out;
    }
    model = calloc(1, sizeof(*model));
    if (!model) {
        err = error_set(error, -ENOMEM, "no memory");
        goto out;
    }
    model->feature_set = import->feature_set;
    err = take_code(model, import, error);
    if (!err)
        err = take_layers(model, network, import, report, error);
    if (err)
        goto out;
    err = nn_model_encode(model, &payload, &size);
    if (!err)
        err = import_finish(&file, Q8_NN, import, score, model, payload, size, report, error);
    if (!err)
        err = nn_model_load(&again, file, error); /* what can't be loaded must not be written */
    if (err)
        goto out;
    *out = file;
    file = NULL;
out:
    q8_free(file);
    free(again);
    free(payload);
    free(model);
    free(network);
    return err;
}
