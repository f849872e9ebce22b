// SPDX-License-Identifier: BSD-2-Clause
/* Trains a small float network, as much as a test of the importer needs. */
#ifndef AFXDP_TEST_NN_TEACH_H
#define AFXDP_TEST_NN_TEACH_H

#include "nn_float.h"

/* A network of so many inputs and these widths (the last: its classes) with small random weights,
 * always the same. */
void nn_teach_begin(struct nn_float *network, uint32_t inputs, uint32_t layers,
                    const uint32_t *widths);

/* One step of gradient descent on one coded row. */
void nn_teach_row(struct nn_float *network, const uint8_t *code, uint32_t label, double rate);

/* Weights and biases as the floats that a file holds. */
void nn_teach_round(struct nn_float *network);

#endif
