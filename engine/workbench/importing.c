// SPDX-License-Identifier: BSD-2-Clause
#include "importing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "dt.h"
#include "dt_boosted.h"
#include "dt_graph.h"
#include "dt_import.h"
#include "import_sense.h"
#include "nn.h"
#include "nn_code.h"
#include "nn_import.h"
#include "text_file.h"
#include "unknown_label.h"

static int class_of(const struct import *import, const char *label)
{
    for (uint32_t i = 0; i < import->class_count; i++) {
        if (strcmp(import->classes[i].name, label) == 0)
            return (int)i;
    }
    return -1;
}

static int map_labels(struct importing *importing, const char *path, struct error *error)
{
    const struct features_table *table = importing->table;
    int16_t classes[LABELS_MAX];

    if (table->count < 1 || table->count > IMPORT_ROWS_MAX)
        return error_set(error, -EINVAL, "%s has %zu rows, allowed are 1 to %d", path, table->count,
                         IMPORT_ROWS_MAX);
    for (uint32_t i = 0; i < table->label_count; i++) {
        classes[i] = (int16_t)class_of(&importing->import, table->label_name[i]);
        if (classes[i] < 0 && table->label_name[i][0] != '\0')
            return unknown_label(table->label_name[i], importing->import.classes,
                                 importing->import.class_count, error);
    }
    importing->labels = calloc(table->count, sizeof(*importing->labels));
    if (!importing->labels)
        return error_set(error, -ENOMEM, "no memory for %zu labels", table->count);
    for (size_t i = 0; i < table->count; i++)
        importing->labels[i] = classes[table->label[i]];
    importing->import.features = table->features;
    importing->import.labels = importing->labels;
    importing->import.rows = table->count;
    return 0;
}

static int read_provenance(struct importing *importing, const char *path, struct error *error)
{
    json_error_t where;
    char *text = NULL;

    if (!path) {
        importing->provenance = json_object();
        return importing->provenance ? 0 : error_set(error, -ENOMEM, "no memory");
    }
    int err = text_file_read(&text, path, Q8_PROVENANCE_MAX, error);
    if (err)
        return err;
    importing->provenance = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (!importing->provenance)
        return error_set(error, -EINVAL, "%s: line %d: %s", path, where.line, where.text);
    if (!json_is_object(importing->provenance))
        return error_set(error, -EINVAL, "%s isn't a JSON object", path);
    return 0;
}

/* An ONNX file, or trees in their library's own form. */
static int read_trained(struct importing *importing, const uint8_t *bytes, size_t size,
                        struct error *error)
{
    enum dt_boosted_format format = DT_NOT_BOOSTED;
    int err = dt_boosted_format(&format, bytes, size, error);

    if (err)
        return err;
    if (format != DT_NOT_BOOSTED) {
        err = dt_boosted_read(&importing->ensemble, format, bytes, size, importing->maker, error);
        if (!err)
            importing->import.feature_set = importing->ensemble->feature_set;
        return err;
    }
    err = onnx_decode(&importing->onnx, bytes, size, error);
    if (err)
        return err;
    importing->import.onnx = importing->onnx;
    snprintf(importing->maker, sizeof(importing->maker), "%s", importing->onnx->producer);
    return import_feature_set(&importing->import.feature_set, importing->onnx, error);
}

static int read_model(struct importing *importing, const char *path, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int err = onnx_read_bytes(&bytes, &size, path, error);

    if (err)
        return err;
    err = read_trained(importing, bytes, size, error);
    free(bytes);
    return err ? error_prefix(error, err, "%s", path) : 0;
}

static int read_inputs(struct importing *importing, const struct importing_options *options,
                       struct error *error)
{
    int err = read_model(importing, options->model, error);

    if (err)
        return err;
    err = import_classes(&importing->import, options->classes, error);
    if (err)
        return error_prefix(error, err, "%s", options->model);
    importing->import.raw = options->raw;
    if (options->code) {
        err = text_file_read(&importing->code, options->code, NN_CODE_TEXT_MAX, error);
        importing->import.code = importing->code;
    }
    if (!err)
        err = read_provenance(importing, options->provenance, error);
    if (!err)
        err = features_csv_read(&importing->table, options->calibration,
                                importing->import.feature_set, error);
    return err ? err : map_labels(importing, options->calibration, error);
}

static int import_graph(struct importing *importing, struct error *error)
{
    if (importing->ensemble && importing->ensemble->class_count != importing->import.class_count)
        return error_set(error, -EINVAL, "it tells %u classes, there are %u names",
                         importing->ensemble->class_count, importing->import.class_count);
    if (importing->ensemble)
        return dt_import_ensemble(&importing->file, importing->ensemble, &importing->import,
                                  &importing->report, error);
    if (dt_graph_has_trees(importing->onnx))
        return dt_import(&importing->file, &importing->import, &importing->report, error);
    return nn_import(&importing->file, &importing->import, &importing->report, error);
}

/* Runs what was made on every variant here, before anyone relies on it. */
static int try_out(const struct q8 *file, struct error *error)
{
    struct classifier *classifier = NULL;
    int err = file->kind == Q8_NN ? nn_classifier_new(&classifier, file, cpu_levels(), error)
                                  : dt_classifier_new(&classifier, file, cpu_levels(), error);

    if (!err)
        classifier->destroy(classifier);
    return err;
}

/* The user's own words about the model, and how it was imported. */
static int add_provenance(struct importing *importing, struct error *error)
{
    const struct import_report *report = &importing->report;
    json_t *import =
        json_pack("{s:s, s:s, s:{s:I, s:I, s:I, s:I}}", "by", "afxdp-model " AFXDP_VERSION,
                  importing->onnx ? "onnx" : "from", importing->maker, "calibration", "rows",
                  (json_int_t)report->rows, "labelled", (json_int_t)report->labelled, "right",
                  (json_int_t)report->right, "agreeing", (json_int_t)report->agreeing);

    if (import && report->choice[0] != '\0')
        json_object_set_new(import, "scales", json_string(report->choice));
    if (!import || json_object_set_new(importing->provenance, "import", import))
        return error_set(error, -ENOMEM, "no memory for the provenance");
    importing->provenance_text = json_dumps(importing->provenance, JSON_COMPACT | JSON_SORT_KEYS);
    if (!importing->provenance_text)
        return error_set(error, -ENOMEM, "no memory for the provenance");
    importing->file->provenance = importing->provenance_text;
    return 0;
}

/* Refuses what makes no sense, or only remembers why. */
static int check_sense(struct importing *importing, bool force, struct error *error)
{
    int err =
        import_sense_check(&importing->import, &importing->report, importing->file->kind, error);

    if (err != -EINVAL || !force)
        return err;
    importing->doubt = *error;
    return 0;
}

int importing_run(struct importing *importing, const struct importing_options *options,
                  struct error *error)
{
    int err = read_inputs(importing, options, error);

    if (err)
        return err;
    err = import_graph(importing, error);
    if (!err)
        err = try_out(importing->file, error);
    if (!err)
        err = check_sense(importing, options->force, error);
    if (err)
        return error_prefix(error, err, "%s", options->model);
    return add_provenance(importing, error);
}

void importing_end(struct importing *importing)
{
    q8_free(importing->file);
    onnx_free(importing->onnx);
    dt_ensemble_free(importing->ensemble);
    features_table_free(importing->table);
    json_decref(importing->provenance);
    free(importing->provenance_text);
    free(importing->labels);
    free(importing->code);
}
