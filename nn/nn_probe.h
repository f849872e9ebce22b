// SPDX-License-Identifier: BSD-2-Clause
/* Rows on which an import compares a network in integers with its float original, and how far the
 * one follows the other on a row. */
#ifndef AFXDP_NN_PROBE_H
#define AFXDP_NN_PROBE_H

#include "nn_float.h"

/* Raw integers and what the original makes of them. */
struct nn_probe {
    size_t count;
    uint32_t (*rows)[NN_INPUTS_MAX];
    double (*wanted)[NN_WIDTH_MAX]; /* the original's logits */
};

/* Calibration rows, each right behind the other, evenly picked: a quarter as they are, of the
 * others a tenth of the values taken from other rows and all up to 3 % larger or smaller, since a
 * model meets what was never recorded. The same rows on every machine. `wanted` is 0. -ENOMEM. */
int nn_probe_new(struct nn_probe **out, const uint32_t *rows, size_t count, uint32_t inputs);
void nn_probe_free(struct nn_probe *probe);

/* What a row's logits should be like: how far which class leads the others. */
struct nn_aim {
    uint32_t best;
    double share[NN_WIDTH_MAX]; /* of its lead over a class that a logit of 1 is */
};

/* The original's logits as an aim for others, which stand for `scale` times as much. */
void nn_aim_take(struct nn_aim *aim, const double *wanted, uint32_t classes, double scale);

/* 0: the best class leads each other as it should; 1: not all of them, or twice as far as one. */
double nn_aim_loss(const struct nn_aim *aim, const double *logits, uint32_t classes);

#endif
