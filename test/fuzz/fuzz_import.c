// SPDX-License-Identifier: BSD-2-Clause
/* The importers: from an ONNX file that may hold anything to a model. What is accepted must be a
 * valid file whose golden vectors all variants pass; what isn't is refused with one line. */
#include <errno.h>
#include <string.h>

#include "cpu.h"
#include "dt.h"
#include "dt_import.h"
#include "fuzz.h"
#include "nn.h"
#include "nn_import.h"

enum { ROWS = 24 };

/* The code of docs/onnx.md, one table for all features, so that networks need not bring theirs. */
static const char *code_text(uint32_t feature_set)
{
    static const char *const names[] = FEATURE_NAMES;
    static char texts[2][128 << 10];
    char *text = texts[feature_set - 1];
    const size_t room = sizeof(texts[0]);
    uint32_t count = feature_count(feature_set);
    size_t at = 0;

    if (text[0] != '\0')
        return text;
    at += (size_t)snprintf(text, room, "{\"version\": 1, \"features\": [");
    for (uint32_t f = 0; f < count; f++)
        at += (size_t)snprintf(text + at, room - at, "%s\"%s\"", f ? "," : "", names[f]);
    at += (size_t)snprintf(text + at, room - at, "], \"tables\": [");
    for (uint32_t f = 0; f < count; f++) {
        at += (size_t)snprintf(text + at, room - at, "%s[", f ? "," : "");
        for (int i = 0; i < NN_CODES; i++)
            at += (size_t)snprintf(text + at, room - at, "%s%d", i ? "," : "",
                                   i * NN_ACTIVATION_MAX / (NN_CODES - 1));
        at += (size_t)snprintf(text + at, room - at, "]");
    }
    snprintf(text + at, room - at, "]}");
    return text;
}

static void fill(struct import *import, uint32_t *rows, int16_t *labels)
{
    uint32_t width = feature_count(import->feature_set);

    for (uint32_t i = 0; i < ROWS; i++) {
        for (uint32_t f = 0; f < width; f++)
            rows[i * width + f] = (i * 2654435761u + f * 40503u) >> (i + f) % 24;
        labels[i] = (int16_t)(i % 3) - 1;
    }
    import->features = rows;
    import->labels = labels;
    import->rows = ROWS;
    import->code = code_text(import->feature_set);
}

static void check_file(struct q8 *file)
{
    struct classifier *classifier = NULL;
    struct error error = {""};
    struct q8 *again = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;

    MUST(q8_encode(file, &bytes, &size, &error) == 0);
    MUST(q8_decode(&again, bytes, size, &error) == 0);
    MUST((again->kind == Q8_NN ? nn_classifier_new(&classifier, again, cpu_levels(), &error)
                               : dt_classifier_new(&classifier, again, cpu_levels(), &error)) == 0);
    classifier->destroy(classifier);
    q8_free(again);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    typedef int importer(struct q8 **, const struct import *, struct import_report *,
                         struct error *);
    static importer *const importers[] = {nn_import, dt_import, nn_import};
    uint32_t rows[ROWS * FEATURES_MAX];
    int16_t labels[ROWS];
    struct onnx *onnx = NULL;
    struct error error = {""};

    if (onnx_decode(&onnx, data, size, &error))
        return 0;
    for (int i = 0; i < 3; i++) {
        struct import import = {.onnx = onnx, .raw = i == 2};
        struct import_report report = {0};
        struct q8 *file = NULL;

        const char *own = onnx_metadata(onnx, "afxdp.classes");
        int err = import_feature_set(&import.feature_set, onnx, &error);

        if (!err) {
            fill(&import, rows, labels);
            err = import_classes(&import, own ? NULL : "benign,attack", &error);
        }
        if (!err)
            err = importers[i](&file, &import, &report, &error);
        MUST(err <= 0 && (err == 0) == (file != NULL));
        if (err)
            MUST(error.text[0] != '\0' && !strchr(error.text, '\n'));
        else
            check_file(file);
        q8_free(file);
    }
    onnx_free(onnx);
    return 0;
}
