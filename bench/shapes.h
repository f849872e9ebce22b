// SPDX-License-Identifier: BSD-2-Clause
/* Models of a given shape and inputs like those of traffic, from a fixed seed: what they decide is
 * meaningless, what they cost isn't. */
#ifndef AFXDP_BENCH_SHAPES_H
#define AFXDP_BENCH_SHAPES_H

#include "dt.h"
#include "nn.h"

/* Dense layers of these widths, the last being the classes; every weight is non-zero. NULL without
 * memory; free() it. */
struct nn_model *shape_nn(uint32_t layers, const uint32_t *widths);

/* Complete trees of this depth, thresholds within what `inputs` have. NULL without memory;
 * dt_model_free it. */
struct dt_model *shape_forest(uint32_t trees, uint32_t depth, uint32_t classes,
                              const struct features *inputs, size_t input_count);

/* Feature vectors with the ranges of real traffic. */
void shape_features(struct features *features, size_t count);

#endif
