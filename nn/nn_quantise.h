// SPDX-License-Identifier: BSD-2-Clause
/* From a float network to integers (docs/design.md, "Neural network arithmetic").
 *
 * An output's weights become q = w / weight scale, its activation a stands for
 * a × weight scale × 2^shift. ReLU is positively homogeneous, so each output of a hidden layer may
 * have a scale of its own: the next layer's float weights take it up before they are quantised.
 * How the scales are chosen is a search over rules and clippings, which keeps what agrees with the
 * float original on most rows; then weights and biases of the last two layers move by steps, as
 * long as the logits come closer to the original's where its verdict is at stake (nn_tune.h).
 *
 * Doubles without contraction in a fixed order: the same bytes on every machine. */
#ifndef AFXDP_NN_QUANTISE_H
#define AFXDP_NN_QUANTISE_H

#include "error.h"
#include "nn_float.h"
#include "nn_model.h"

/* Coded rows. */
struct nn_rows {
    const uint8_t (*codes)[NN_INPUTS_MAX];
    const double (*wanted)[NN_WIDTH_MAX]; /* the float original's logits for each */
    size_t count;                         /* at least 1 */
};

/* What the search kept. */
struct nn_choice {
    char name[64];   /* "least squared error, clipped at 99.9 %" */
    size_t agreeing; /* rows whose class is the float original's */
};

/* Fills the model's layers, layer_count and class_count. -ENOMEM, or -EINVAL for a network that
 * nothing represents. */
int nn_quantise(struct nn_model *model, const struct nn_float *network, const struct nn_rows *rows,
                struct nn_choice *choice, struct error *error);

/* The same without a search, for a network trained in this arithmetic: `text` is its property
 * afxdp.shifts (docs/onnx.md). -EINVAL names the first number that isn't exact. */
int nn_quantise_exactly(struct nn_model *model, const struct nn_float *network, const char *text,
                        struct error *error);

#endif
