// SPDX-License-Identifier: BSD-2-Clause
/* The network's arithmetic on packed weights (BPF-safe). Sums are exact, so the verdicts are the
 * reference's, bit for bit. Activations alternate between two rows of path_work.scratch. */
#ifndef AFXDP_NN_PACKED_H
#define AFXDP_NN_PACKED_H

#include "nn_kernel_abi.h"
#include "path_abi.h"

#ifdef __bpf__
#define UNROLL _Pragma("clang loop unroll(full)")
#define NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define UNROLL
#define NO_UNROLL
#endif

_Static_assert(2 * NN_ROW + 4 * NN_WIDTH_MAX + 4 <= PATH_SCRATCH, "two rows and the logits");

/* min(max(value, 0), 127) without a branch. */
ALWAYS_INLINE uint8_t nn_clamp(int64_t value)
{
    int64_t negative = value;
    OPAQUE(negative);
    value &= ~(negative >> 63);

    int64_t above = NN_ACTIVATION_MAX - value;
    OPAQUE(above);
    return (uint8_t)((value | (above >> 63)) & NN_ACTIVATION_MAX);
}

ALWAYS_INLINE int64_t nn_lane_value(uint64_t word, const struct nn_lane *lane)
{
    return (int64_t)(word << (lane->left & 63)) >> (lane->right & 63);
}

/* Four words of sums. Bounds that the verifier knows stand beside those of the model, here and
 * below. */
ALWAYS_INLINE void nn_sum(const struct nn_packed_layer *layer, uint32_t group, const uint8_t *row,
                          uint64_t sum[NN_WORDS_STEP])
{
    const uint64_t *weight = layer->weight[group][0];
    uint64_t a = layer->start[4 * group], b = layer->start[4 * group + 1];
    uint64_t c = layer->start[4 * group + 2], d = layer->start[4 * group + 3];

    for (uint32_t i = 0; i < NN_WIDTH_MAX && i < layer->inputs; i += NN_INPUTS_STEP) {
        OPAQUE(i); /* else clang begins at -4, and the sum with the row has no bound (7.3) */
        UNROLL
        for (uint32_t k = 0; k < NN_INPUTS_STEP; k++, weight += NN_WORDS_STEP) {
            uint64_t activation = row[i + k];

            a += activation * weight[0];
            b += activation * weight[1];
            c += activation * weight[2];
            d += activation * weight[3];
        }
    }
    sum[0] = a ^ layer->flip;
    sum[1] = b ^ layer->flip;
    sum[2] = c ^ layer->flip;
    sum[3] = d ^ layer->flip;
}

/* `inputs` is a constant. */
ALWAYS_INLINE void nn_code_inputs(const struct nn_packed *model, struct path_work *work,
                                  uint32_t inputs)
{
    NO_UNROLL
    for (uint32_t f = 0; f < inputs; f++) {
        uint32_t index = nn_window_index(model->index, work->features[f]);

        work->scratch[f] = model->code[f][index & (NN_CODE_STRIDE - 1)];
    }
}

/* Codes the features into row 0. work.step is the layer that comes next; kept in memory, all layers
 * look alike to the verifier. */
ALWAYS_INLINE void nn_begin(const struct nn_packed *model, struct path_work *work)
{
    work->step = 0;
    if (model->inputs == FEATURES_1)
        nn_code_inputs(model, work, FEATURES_1);
    else
        nn_code_inputs(model, work, FEATURES_2);
}

ALWAYS_INLINE bool nn_is_last(const struct nn_packed *model, const struct path_work *work)
{
    return work->step + 1 >= model->layer_count;
}

/* From row step & 1 to the other. */
ALWAYS_INLINE void nn_hidden_layer(const struct nn_packed *model, struct path_work *work)
{
    uint32_t l = work->step & (NN_LAYERS_MAX - 1);
    const struct nn_packed_layer *layer = &model->layer[l];
    const uint8_t *from = work->scratch + NN_ROW * (l & 1);
    uint8_t *to = work->scratch + NN_ROW * (~l & 1);

    for (uint32_t group = 0; group < NN_WORDS_MAX / NN_WORDS_STEP; group++) {
        uint64_t sum[NN_WORDS_STEP];

        if (group * NN_WORDS_STEP >= layer->words)
            break;
        nn_sum(layer, group, from, sum);
        UNROLL
        for (uint32_t w = 0; w < NN_WORDS_STEP; w++) {
            const struct nn_lane *lane = layer->lane[NN_WORDS_STEP * group + w];

            UNROLL
            for (uint32_t k = 0; k < NN_LANES; k++)
                to[lane[k].to & (NN_ROW - 1)] = nn_clamp(nn_lane_value(sum[w], &lane[k]));
        }
    }
    work->step = l + 1;
}

/* The last layer, whose sums are the logits. */
ALWAYS_INLINE void nn_output_layer(const struct nn_packed *model, struct path_work *work)
{
    uint32_t l = work->step & (NN_LAYERS_MAX - 1);
    const struct nn_packed_layer *layer = &model->layer[l];
    const uint8_t *from = work->scratch + NN_ROW * (l & 1);
    int32_t *logits = (int32_t *)(work->scratch + 2 * NN_ROW);

    for (uint32_t group = 0; group < NN_WORDS_MAX / NN_WORDS_STEP; group++) {
        uint64_t sum[NN_WORDS_STEP];

        if (group * NN_WORDS_STEP >= layer->words)
            break;
        nn_sum(layer, group, from, sum);
        UNROLL
        for (uint32_t w = 0; w < NN_WORDS_STEP; w++) {
            const struct nn_lane *lane = layer->lane[NN_WORDS_STEP * group + w];

            UNROLL
            for (uint32_t k = 0; k < NN_LANES; k++) {
                uint32_t to = lane[k].to;

                logits[to < NN_WIDTH_MAX ? to : NN_WIDTH_MAX] =
                    (int32_t)nn_lane_value(sum[w], &lane[k]);
            }
        }
    }
    work->verdict = verdict_of_scores(logits, model->class_count, &model->confidence);
}

#endif
