// SPDX-License-Identifier: BSD-2-Clause
#include "nn_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn.h"
#include "nn_code.h"
#include "nn_layers.h"
#include "nn_quantise.h"
#include "nn_raw.h"
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

/* The original, what it is on codes / 127, and rows to compare by. */
struct reading {
    struct nn_float *network;        /* the original; owned */
    struct nn_float *coded;          /* owned */
    bool raw;                        /* it reads raw integers, not codes */
    struct nn_probe *probe;          /* owned */
    uint8_t (*codes)[NN_INPUTS_MAX]; /* the probe's */
};

static void reading_free(struct reading *reading)
{
    free(reading->network);
    free(reading->coded);
    nn_probe_free(reading->probe);
    free(reading->codes);
}

/* Trained on codes: scaling in front of the first layer goes into it. */
static int read_codes(struct nn_code_tables *tables, struct reading *reading, const char *text,
                      uint32_t feature_set, struct error *error)
{
    int err = nn_code_parse(tables, text, error);

    if (!err && tables->feature_set != feature_set)
        err = error_set(error, -EINVAL, "the input code is of feature set %u, the network of %u",
                        tables->feature_set, feature_set);
    if (err)
        return err;
    *reading->coded = *reading->network;
    reading->coded->scaling = (struct onnx_steps){0};
    if (!nn_layer_take_steps(&reading->coded->layers[0], &reading->network->scaling))
        return error_set(error, -EINVAL,
                         "the network scales coded inputs by more than factors and offsets: leave "
                         "out the input code if it reads the raw integers");
    return 0;
}

/* Whether something in front of the network tells that it reads the raw integers. */
static bool scales(const struct nn_float *network)
{
    for (size_t i = 0; i < network->scaling.count; i++) {
        if (network->scaling.step[i].kind != ONNX_STEP_ROUND)
            return true;
    }
    return false;
}

/* What the original says of raw integers. */
static void run_original(const struct nn_model *model, const struct reading *reading,
                         const uint32_t *features, double logits[NN_WIDTH_MAX])
{
    double inputs[NN_INPUTS_MAX];
    uint8_t codes[NN_INPUTS_MAX];

    if (reading->raw) {
        nn_raw_run(reading->network, features, logits);
        return;
    }
    nn_code(model->code, features, nn_inputs(model), codes);
    for (uint32_t i = 0; i < nn_inputs(model); i++)
        inputs[i] = codes[i] / (double)NN_ACTIVATION_MAX;
    nn_float_run(reading->coded, inputs, logits);
}

/* The input code: as given, or so that it holds the scaling in front of a network on raw integers.
 */
static int read_code(struct nn_code_tables *tables, struct reading *reading,
                     const struct import *import, struct error *error)
{
    const char *text = onnx_metadata(import->onnx, "afxdp.code");

    if (!text)
        text = import->code;
    reading->raw = import->raw || !text;
    if (!reading->raw)
        return read_codes(tables, reading, text, import->feature_set, error);
    if (!import->raw && !scales(reading->network))
        return error_set(error, -EINVAL,
                         "a network needs the input code that it was trained with: give --code, or "
                         "the property afxdp.code; or --raw where it reads the raw integers");
    int err = nn_raw_check(reading->network, error);
    if (err)
        return err;
    for (size_t p = 0; p < reading->probe->count; p++)
        nn_raw_run(reading->network, reading->probe->rows[p], reading->probe->wanted[p]);
    return nn_raw_encode(tables, reading->coded, reading->network, import->features, import->rows,
                         reading->probe, error);
}

static int read_inputs(struct nn_model *model, struct reading *reading, const struct import *import,
                       struct error *error)
{
    struct nn_probe *probe = reading->probe;
    struct nn_code_tables tables;
    int err = read_code(&tables, reading, import, error);

    if (err)
        return err;
    memcpy(model->code, tables.code, sizeof(model->code));
    for (size_t p = 0; p < probe->count; p++) {
        nn_code(model->code, probe->rows[p], nn_inputs(model), reading->codes[p]);
        if (!reading->raw)
            run_original(model, reading, probe->rows[p], probe->wanted[p]);
    }
    return 0;
}

/* Calibration rows of which both say the same. */
static size_t count_agreeing(const struct nn_model *model, const struct reading *reading,
                             const struct import *import)
{
    size_t agreeing = 0;

    for (size_t i = 0; i < import->rows; i++) {
        struct import_score answer;
        double logits[NN_WIDTH_MAX];

        score(model, import_row(import, i), &answer);
        run_original(model, reading, import_row(import, i), logits);
        agreeing += answer.class_index == nn_float_best(reading->coded, logits);
    }
    return agreeing;
}

/* The layers, by search or exactly, and what they agree in with the float network. */
static int take_layers(struct nn_model *model, const struct reading *reading,
                       const struct import *import, struct import_report *report,
                       struct error *error)
{
    const char *shifts = onnx_metadata(import->onnx, "afxdp.shifts");
    struct nn_rows rows = {(const uint8_t(*)[NN_INPUTS_MAX])reading->codes,
                           (const double(*)[NN_WIDTH_MAX])reading->probe->wanted,
                           reading->probe->count};
    struct nn_choice choice = {"as trained", 0};
    int err = shifts ? nn_quantise_exactly(model, reading->coded, shifts, error)
                     : nn_quantise(model, reading->coded, &rows, &choice, error);

    if (err)
        return err;
    report->agreeing = count_agreeing(model, reading, import);
    snprintf(report->choice, sizeof(report->choice), "%s", choice.name);
    return 0;
}

static int read_network(struct reading *reading, const struct import *import, struct error *error)
{
    int err =
        nn_float_read(&reading->network, import->onnx, feature_count(import->feature_set), error);

    if (err)
        return err;
    uint32_t outputs = reading->network->layers[reading->network->layer_count - 1].outputs;
    if (outputs != import->class_count)
        return error_set(error, -EINVAL, "%u outputs for %u classes", outputs, import->class_count);
    reading->coded = calloc(1, sizeof(*reading->coded));
    if (!reading->coded || nn_probe_new(&reading->probe, import->features, import->rows,
                                        feature_count(import->feature_set)) != 0)
        return error_set(error, -ENOMEM, "no memory for rows to compare by");
    reading->codes = calloc(reading->probe->count, sizeof(*reading->codes));
    return reading->codes ? 0 : error_set(error, -ENOMEM, "no memory for rows to compare by");
}

int nn_import(struct q8 **out, const struct import *import, struct import_report *report,
              struct error *error)
{
    struct reading reading = {0};
    struct nn_model *model = calloc(1, sizeof(*model));
    struct nn_model *again = NULL;
    uint8_t *payload = NULL;
    struct q8 *file = NULL;
    size_t size;
    int err =
        model ? read_network(&reading, import, error) : error_set(error, -ENOMEM, "no memory");

    if (model)
        model->feature_set = import->feature_set;
    if (!err)
        err = read_inputs(model, &reading, import, error);
    if (!err)
        err = take_layers(model, &reading, import, report, error);
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
    reading_free(&reading);
    return err;
}
