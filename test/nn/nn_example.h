// SPDX-License-Identifier: BSD-2-Clause
/* Calibration rows that a network can learn, and the importer run on them. */
#ifndef AFXDP_TEST_NN_EXAMPLE_H
#define AFXDP_TEST_NN_EXAMPLE_H

#include "nn_code.h"
#include "nn_import.h"
#include "onnx_writer.h"

enum {
    ROWS = 3000,
    CLASSES = 4,
    WIDTH = 32,
};

/* Rows of four overlapping kinds, their code and its text. */
struct nn_example {
    uint32_t feature_set;
    uint32_t inputs;
    uint32_t rows[ROWS * FEATURES_MAX];
    int16_t labels[ROWS];
    struct nn_code_tables tables;
    char *code_text;
    uint8_t codes[ROWS][NN_INPUTS_MAX];
};

extern struct nn_example example;

/* cmocka's set-up for the rows of a set, and what goes with either. */
int nn_example_1(void **state);
int nn_example_2(void **state);
int nn_example_free(void **state);

/* Imports the file, which it frees. */
int nn_example_import(struct buffer *bytes, uint32_t classes, struct q8 **out,
                      struct import_report *report, struct error *error);

#endif
