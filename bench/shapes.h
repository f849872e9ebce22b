// SPDX-License-Identifier: BSD-2-Clause
/* Models of a given shape and inputs like those of traffic, from a fixed seed: what they decide is
 * meaningless, what they cost isn't. */
#ifndef AFXDP_BENCH_SHAPES_H
#define AFXDP_BENCH_SHAPES_H

#include "dt.h"
#include "nn.h"

/* Dense layers of these widths on the features of a set, the last being the classes; every weight
 * is non-zero. NULL without memory; free() it. */
struct nn_model *shape_nn(uint32_t feature_set, uint32_t layers, const uint32_t *widths);

/* Complete trees of this depth, thresholds within what `inputs`, rows of the set, have. NULL
 * without memory; dt_model_free it. */
struct dt_model *shape_forest(uint32_t feature_set, uint32_t trees, uint32_t depth,
                              uint32_t classes, const uint32_t *inputs, size_t input_count);

/* `count` rows of a set with the ranges of real traffic, each right behind the other. The features
 * that both sets have are the same in either. */
void shape_features(uint32_t *features, uint32_t feature_set, size_t count);

#endif
