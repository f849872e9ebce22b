// SPDX-License-Identifier: BSD-2-Clause
/* From the trees of an ONNX file to the integer model.
 *
 * Thresholds become integers exactly: the largest one whose float32 (or double) value passes. A
 * branch that no integer passes, or every one, is left out. Weights are scaled by the power of two
 * that lets the largest sum take 2^30, and rounded; a single tree keeps the class of every leaf,
 * also where rounding would make a tie. */
#ifndef AFXDP_DT_QUANTISE_H
#define AFXDP_DT_QUANTISE_H

#include "dt_ensemble.h"

/* `*out` is untouched on failure; free it with dt_model_free. -EINVAL for trees that are too deep,
 * -ENOMEM. */
int dt_quantise(struct dt_model **out, const struct dt_ensemble *ensemble, struct error *error);

#endif
