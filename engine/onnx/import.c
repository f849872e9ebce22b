// SPDX-License-Identifier: BSD-2-Clause
#include "import.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "import_labels.h"

static int add_class(struct import *import, const char *name, size_t length, struct error *error)
{
    if (import->class_count == CLASSES_MAX)
        return error_set(error, -EINVAL, "more than %d classes", CLASSES_MAX);
    if (length == 0 || length >= CLASS_NAME_SIZE)
        return error_set(error, -EINVAL, "class %u: a name has 1 to %d letters",
                         import->class_count, CLASS_NAME_SIZE - 1);
    struct q8_class *class = &import->classes[import->class_count++];
    memcpy(class->name, name, length);
    return 0;
}

static int classes_from_list(struct import *import, const char *list, struct error *error)
{
    for (const char *name = list;; name++) {
        size_t length = strcspn(name, ",");
        int err = add_class(import, name, length, error);

        if (err)
            return err;
        name += length;
        if (*name == '\0')
            return 0;
    }
}

static int classes_from_json(struct import *import, const char *text, struct error *error)
{
    json_t *names = json_loads(text, 0, NULL);
    int err = 0;

    if (!json_is_array(names))
        err = error_set(error, -EINVAL, "property afxdp.classes isn't a JSON array of names");
    for (size_t i = 0; !err && i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);

        err = json_is_string(name)
                  ? add_class(import, json_string_value(name), json_string_length(name), error)
                  : error_set(error, -EINVAL, "property afxdp.classes: entry %zu isn't text", i);
    }
    json_decref(names);
    return err;
}

int import_feature_set(uint32_t *feature_set, const struct onnx *onnx, struct error *error)
{
    const char *property = onnx_metadata(onnx, "afxdp.features");
    const struct onnx_value *input = onnx->input_count > 0 ? &onnx->inputs[0] : NULL;

    if (property && strcmp(property, "1") != 0 && strcmp(property, "2") != 0)
        return error_set(error, -EINVAL,
                         "made for feature set '%.16s' (property afxdp.features), this program "
                         "computes 1 and 2",
                         property);
    bool second =
        property ? property[0] == '2' : input && input->rank == 2 && input->dims[1] == FEATURES_2;
    *feature_set = second ? FEATURE_SET_2 : FEATURE_SET_1;
    return 0;
}

static int classes_from_labels(struct import *import, const struct import_labels *labels,
                               struct error *error)
{
    int err = 0;

    for (uint32_t i = 0; !err && i < labels->count; i++)
        err = add_class(import, labels->text[i], strlen(labels->text[i]), error);
    if (!err)
        err = q8_check_classes(import->classes, import->class_count, error);
    return err ? error_prefix(error, err,
                              "the file's own class labels make no class names, give --classes")
               : 0;
}

/* Names that stand in another order than the file's labels would swap classes silently. */
static int check_order(const struct import *import, const struct import_labels *labels,
                       struct error *error)
{
    for (uint32_t i = 0; i < labels->count && i < import->class_count; i++) {
        for (uint32_t k = 0; k < import->class_count; k++) {
            if (k != i && strcmp(labels->text[i], import->classes[k].name) == 0)
                return error_set(error, -EINVAL,
                                 "the file says that its class %u is '%s', which is class %u of "
                                 "the names",
                                 i, import->classes[k].name, k);
        }
    }
    if (labels->count > 0 && labels->count != import->class_count)
        return error_set(error, -EINVAL, "the file has %u class labels, but there are %u names",
                         labels->count, import->class_count);
    return 0;
}

int import_classes(struct import *import, const char *list, struct error *error)
{
    const char *names = import->onnx ? onnx_metadata(import->onnx, "afxdp.classes") : NULL;
    struct import_labels labels = {.count = 0};
    int err = 0;

    import->class_count = 0;
    memset(import->classes, 0, sizeof(import->classes));
    if (import->onnx)
        err = import_labels_read(&labels, import->onnx, error);
    if (err)
        return err;
    if (list)
        err = classes_from_list(import, list, error);
    else if (names)
        err = classes_from_json(import, names, error);
    else if (labels.count > 0)
        err = classes_from_labels(import, &labels, error);
    else
        return error_set(
            error, -EINVAL,
            "the classes have no names: give --classes, or the property afxdp.classes");
    if (!err && import->class_count < 2)
        err = error_set(error, -EINVAL, "a model has at least 2 classes");
    if (!err)
        err = q8_check_classes(import->classes, import->class_count, error);
    return err ? err : check_order(import, &labels, error);
}

/* The answers to all rows, for the confidence table. */
struct answers {
    uint32_t *margins;
    bool *right;
    size_t count;
};

static int ask(struct answers *answers, const struct import *import, import_score_function *score,
               const void *model, struct error *error)
{
    answers->margins = calloc(import->rows, sizeof(*answers->margins));
    answers->right = calloc(import->rows, sizeof(*answers->right));
    if (!answers->margins || !answers->right)
        return error_set(error, -ENOMEM, "no memory for %zu calibration rows", import->rows);
    for (size_t i = 0; i < import->rows; i++) {
        struct import_score answer;

        if (import->labels[i] < 0)
            continue;
        score(model, import_row(import, i), &answer);
        answers->margins[answers->count] = (uint32_t)answer.best - (uint32_t)answer.second;
        answers->right[answers->count++] = answer.class_index == (uint32_t)import->labels[i];
    }
    if (answers->count == 0)
        return error_set(error, -EINVAL,
                         "no calibration row has a label: confidence can't be fitted");
    return 0;
}

/* Golden vectors and payload in the one block of memory that q8_free frees. */
static int fill(struct q8 *file, const struct import *import, import_score_function *score,
                const void *model, const uint8_t *payload, size_t payload_size, struct error *error)
{
    uint32_t rows[IMPORT_GOLDEN_MAX][FEATURES_MAX] = {{0}};
    uint32_t count = import_pick_golden(import, rows);
    size_t golden_size = count * sizeof(struct q8_golden);
    uint8_t *memory = malloc(golden_size + payload_size);

    if (!memory)
        return error_set(error, -ENOMEM, "no memory for a model");
    struct q8_golden *golden = (struct q8_golden *)(void *)memory;
    for (uint32_t i = 0; i < count; i++) {
        struct import_score answer;

        score(model, rows[i], &answer);
        memcpy(golden[i].features, rows[i], sizeof(rows[i]));
        golden[i].verdict.class_index = (uint16_t)answer.class_index;
        golden[i].verdict.confidence = confidence_of(&file->confidence, answer.best, answer.second);
    }
    memcpy(memory + golden_size, payload, payload_size);
    file->memory = memory;
    file->golden = golden;
    file->golden_count = count;
    file->payload = memory + golden_size;
    file->payload_size = payload_size;
    return 0;
}

/* Answers stand in the order of the labelled rows. */
static void count_right(struct import_report *report, const struct import *import,
                        const struct answers *answers)
{
    size_t next = 0;

    report->right = 0;
    memset(report->labelled_of, 0, sizeof(report->labelled_of));
    memset(report->right_of, 0, sizeof(report->right_of));
    for (size_t i = 0; i < import->rows; i++) {
        if (import->labels[i] < 0)
            continue;
        bool right = answers->right[next++];
        report->right += right;
        report->labelled_of[import->labels[i]]++;
        report->right_of[import->labels[i]] += right;
    }
}

int import_finish(struct q8 **out, enum q8_kind kind, const struct import *import,
                  import_score_function *score, const void *model, const uint8_t *payload,
                  size_t payload_size, struct import_report *report, struct error *error)
{
    struct answers answers = {0};
    struct q8 *file = calloc(1, sizeof(*file));
    int err = file ? ask(&answers, import, score, model, error)
                   : error_set(error, -ENOMEM, "no memory for a model");

    if (err)
        goto out;
    file->kind = kind;
    file->feature_set = import->feature_set;
    file->class_count = import->class_count;
    memcpy(file->classes, import->classes, sizeof(file->classes));
    file->provenance = "{}";
    import_fit_confidence(&file->confidence, answers.margins, answers.right, answers.count);
    err = fill(file, import, score, model, payload, payload_size, error);
    if (err)
        goto out;
    report->rows = import->rows;
    report->labelled = answers.count;
    count_right(report, import, &answers);
    *out = file;
    file = NULL;
out:
    q8_free(file);
    free(answers.margins);
    free(answers.right);
    return err;
}
