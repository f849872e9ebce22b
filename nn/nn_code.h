// SPDX-License-Identifier: BSD-2-Clause
/* The input code: which byte 0..127 stands for a feature's value. It is made from the training
 * rows before training and travels with the model, as code.json and in the `.q8` file. */
#ifndef AFXDP_NN_CODE_H
#define AFXDP_NN_CODE_H

#include <stddef.h>

#include "error.h"
#include "nn_model.h"

enum {
    NN_CODE_TEXT_MAX = 1 << 20, /* bytes of a code.json worth reading */
};

struct nn_code_tables {
    uint32_t feature_set;
    uint8_t code[NN_INPUTS_MAX][NN_CODES]; /* as in struct nn_model */
};

/* Makes the tables (docs/onnx.md, "Input code") from `count` rows of a feature set, each right
 * behind the other, at least one. Each index seen
 * gets the mean of its rank and of its place among those seen, stretched to 0..127; one not seen
 * takes the entry of the next lower one. The same on every machine. */
void nn_code_make(struct nn_code_tables *tables, uint32_t feature_set, const uint32_t *rows,
                  size_t count);

/* The text of code.json, which the caller frees; NULL without memory. */
char *nn_code_text(const struct nn_code_tables *tables);

/* Reads the text of a code.json. -EINVAL with the reason: not JSON, another version, not
 * the features of a set in their order, a table of another length, one that decreases or leaves
 * 0..127. */
int nn_code_parse(struct nn_code_tables *tables, const char *text, struct error *error);

#endif
