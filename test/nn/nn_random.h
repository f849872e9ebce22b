// SPDX-License-Identifier: BSD-2-Clause
/* Random models that nn_model_load accepts, and random feature vectors, both with a taste for
 * extremes. For tests: a failed allocation aborts. */
#ifndef AFXDP_NN_RANDOM_H
#define AFXDP_NN_RANDOM_H

#include "nn.h"
#include "random.h"

/* Either feature set. */
uint32_t nn_random_set(struct random *random);

/* A model of the given set and layer widths (`layers` of them, the last being the classes). */
void nn_random_model(struct random *random, struct nn_model *model, uint32_t feature_set,
                     uint32_t layers, const uint32_t *widths);
/* One of random depth and widths, biased to the multiples of 4 and 16 and their neighbours. */
void nn_random_shape(struct random *random, uint32_t *layers, uint32_t widths[NN_LAYERS_MAX]);

/* Any value: small ones, powers of two and their neighbours, UINT32_MAX, uniform. */
uint32_t nn_random_value(struct random *random);
void nn_random_features(struct random *random, uint32_t *features, size_t count); /* values */

/* A file with this model as payload and `golden_count` right golden vectors; free it with
 * nn_random_file_free. */
struct q8 *nn_random_file(struct random *random, const struct nn_model *model,
                          uint32_t golden_count);
void nn_random_file_free(struct q8 *file);

#endif
