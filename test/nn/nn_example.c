// SPDX-License-Identifier: BSD-2-Clause
#include "nn_example.h"

#include <stdio.h>
#include <stdlib.h>

#include "nn_random.h"
#include "nn_reference.h"

struct nn_example example;

static int make_rows(uint32_t feature_set)
{
    uint32_t inputs = feature_count(feature_set);
    struct random random = {20240607};

    example.feature_set = feature_set;
    example.inputs = inputs;
    for (size_t r = 0; r < ROWS; r++) {
        uint32_t kind = random_below(&random, CLASSES);

        example.labels[r] = (int16_t)kind;
        for (uint32_t f = 0; f < inputs; f++) {
            uint32_t scale = 1U << (6 + (kind * 5 + f * 3) % 4);
            example.rows[r * inputs + f] =
                random_below(&random, 8 * scale) * random_below(&random, 8);
        }
    }
    nn_code_make(&example.tables, feature_set, example.rows, ROWS);
    example.code_text = nn_code_text(&example.tables);
    for (size_t r = 0; r < ROWS; r++)
        nn_code((const uint8_t(*)[NN_CODES])example.tables.code, example.rows + r * inputs, inputs,
                example.codes[r]);
    return example.code_text ? 0 : -1;
}

int nn_example_1(void **state)
{
    (void)state;
    return make_rows(FEATURE_SET_1);
}

int nn_example_2(void **state)
{
    (void)state;
    return make_rows(FEATURE_SET_2);
}

int nn_example_free(void **state)
{
    (void)state;
    free(example.code_text);
    return 0;
}

int nn_example_import(struct buffer *bytes, uint32_t classes, struct q8 **out,
                      struct import_report *report, struct error *error)
{
    struct import import = {.feature_set = example.feature_set,
                            .class_count = classes,
                            .features = example.rows,
                            .labels = example.labels,
                            .rows = ROWS};
    struct onnx *onnx = NULL;
    int err = onnx_decode(&onnx, bytes->bytes, bytes->size, error);

    for (uint32_t i = 0; i < classes; i++)
        snprintf(import.classes[i].name, sizeof(import.classes[i].name), "class-%u", i);
    import.onnx = onnx;
    if (!err)
        err = nn_import(out, &import, report, error);
    onnx_free(onnx);
    buffer_free(bytes);
    return err;
}
