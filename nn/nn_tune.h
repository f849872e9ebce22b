// SPDX-License-Identifier: BSD-2-Clause
/* The last two layers of a quantised network, adjusted to each other's and the codes' rounding:
 * each weight and bias in turn goes a step up or down where that brings the logits closer to the
 * float original's, by nn_probe_loss. */
#ifndef AFXDP_NN_TUNE_H
#define AFXDP_NN_TUNE_H

#include "nn_quantise.h"

/* Weights stay within ±127, biases grow by less than 2^25: the overflow proof holds. -ENOMEM. */
int nn_tune(struct nn_model *model, const struct nn_rows *rows);

#endif
