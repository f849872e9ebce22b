// SPDX-License-Identifier: BSD-2-Clause
/* A neural network in memory: one flat struct, shared with the kernel (BPF-safe).
 *
 * A chain of fully connected layers over the coded features (docs/design.md, "Neural network
 * arithmetic"). All of it fits the fixed maxima below; what a layer doesn't use is 0, so that
 * padded loops compute the same. nn_model_load has proven that no accumulator overflows. */
#ifndef AFXDP_NN_MODEL_H
#define AFXDP_NN_MODEL_H

#include "flow_features.h"
#include "verdict.h"

enum {
    NN_INPUTS_MAX = FEATURES_MAX,
    NN_WIDTH_MAX = 64,
    NN_LAYERS_MAX = 8, /* the output layer included */
    NN_CODES = 464,    /* entries of an input code: nn_code_index gives 0..463 */
    NN_ACTIVATION_MAX = 127,
};

/* outputs = weight × inputs + bias; all but the last layer then requantise (nn_requantise). */
struct nn_layer {
    uint32_t inputs;             /* 1..NN_WIDTH_MAX, nn_inputs in the first layer */
    uint32_t outputs;            /* 1..NN_WIDTH_MAX, the number of classes in the last */
    int32_t bias[NN_WIDTH_MAX];  /* with the rounding constant of the shift folded in */
    uint8_t shift[NN_WIDTH_MAX]; /* 0..31; all 0 in the last layer, whose outputs are the logits */
    int8_t weight[NN_WIDTH_MAX][NN_WIDTH_MAX]; /* [output][input], -127..127 */
};

struct nn_model {
    uint32_t feature_set;                  /* FEATURE_SET_1 or FEATURE_SET_2 */
    uint32_t layer_count;                  /* 1..NN_LAYERS_MAX */
    uint32_t class_count;                  /* 2..CLASSES_MAX */
    uint8_t code[NN_INPUTS_MAX][NN_CODES]; /* one for each input; non-decreasing, 0..127 */
    struct confidence_table confidence;
    struct nn_layer layers[NN_LAYERS_MAX];
};

/* How many inputs the network has: the features of its set. */
ALWAYS_INLINE uint32_t nn_inputs(const struct nn_model *model)
{
    return feature_count(model->feature_set);
}

_Static_assert(sizeof(struct nn_layer) == 8 + 4 * 64 + 64 + 64 * 64, "no padding");

#endif
