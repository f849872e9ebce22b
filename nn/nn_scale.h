// SPDX-License-Identifier: BSD-2-Clause
/* One output of a layer: its scale and shift by each of the search's rules. Private to nn_quantise
 * and its tests. */
#ifndef AFXDP_NN_SCALE_H
#define AFXDP_NN_SCALE_H

#include <stddef.h>

#include "nn_model.h"

enum nn_rule {
    NN_LARGEST_WEIGHT, /* the largest weight becomes 127 */
    NN_FULL_RANGE,     /* the largest activation becomes 127 */
    NN_LEAST_ERROR,    /* activations differ least in squares from the float network's */
    NN_RULES
};

/* An output in floating point, on integer activations: its value is bias + Σ weight × a. */
struct nn_channel {
    uint32_t inputs;
    double weight[NN_WIDTH_MAX];
    double bias;
    double range; /* of the activation: values above it may be cut off */
};

enum {
    NN_SAMPLES_MAX = 4096,
};

/* Rows to measure errors on: integer activations, and the float network's values. */
struct nn_samples {
    const uint8_t (*inputs)[NN_WIDTH_MAX];
    const double *wanted; /* [count], of this channel behind ReLU */
    size_t count;         /* at most NN_SAMPLES_MAX */
};

/* The output in integers. */
struct nn_integers {
    double scale; /* of a weight; an activation's is scale × 2^shift */
    uint32_t shift;
    int32_t bias; /* with the rounding constant */
    int8_t weight[NN_WIDTH_MAX];
};

void nn_scale_hidden(struct nn_integers *out, const struct nn_channel *channel, enum nn_rule rule,
                     const struct nn_samples *samples);

/* The least weight scale that keeps weights within ±127 and bounds the bias: that of an output of
 * the last layer, whose outputs then share the largest of theirs. */
double nn_scale_least(const struct nn_channel *channel);

/* Rounds to the given scale and shift. */
void nn_scale_round(struct nn_integers *out, const struct nn_channel *channel, double scale,
                    uint32_t shift);

#endif
