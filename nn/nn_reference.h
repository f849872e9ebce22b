// SPDX-License-Identifier: BSD-2-Clause
/* The network's arithmetic, one packet at a time (BPF-safe). Every other implementation, in
 * AVX2, AVX-512, NEON or eBPF, gives exactly these verdicts; test/nn says so. */
#ifndef AFXDP_NN_REFERENCE_H
#define AFXDP_NN_REFERENCE_H

#include "nn_model.h"

/* floor(log2 value), value > 0. */
ALWAYS_INLINE uint32_t nn_log2(uint32_t value)
{
#ifdef __bpf__ /* has no instruction for it; without branches the verifier has no paths to walk */
    uint32_t log = 0;

    for (uint32_t bits = 16; bits > 0; bits >>= 1) {
        uint64_t over = ((UINT64_C(1) << bits) - 1) - value;

        OPAQUE(over);
        uint32_t above = (uint32_t)(over >> 63) * bits;
        log += above;
        value >>= above;
    }
    return log;
#else
    return 31 - (uint32_t)__builtin_clz(value);
#endif
}

/* The place of a feature's value in its code table: exact below 32, then 16 steps per doubling. */
ALWAYS_INLINE uint32_t nn_code_index(uint32_t value)
{
    if (value < 16)
        return value;

    uint32_t log = nn_log2(value);
    return ((log - 3) << 4) + ((value >> (log - 4)) & 15);
}

/* An accumulator with its bias becomes an activation. */
ALWAYS_INLINE uint8_t nn_requantise(int32_t sum, uint32_t shift)
{
    uint32_t shifted = (sum > 0 ? (uint32_t)sum : 0) >> (shift & 31);

    return (uint8_t)(shifted < NN_ACTIVATION_MAX ? shifted : NN_ACTIVATION_MAX);
}

ALWAYS_INLINE int32_t nn_neuron(const struct nn_layer *layer, uint32_t output,
                                const uint8_t inputs[NN_WIDTH_MAX])
{
    int32_t sum = layer->bias[output];

    for (uint32_t i = 0; i < layer->inputs; i++)
        sum += layer->weight[output][i] * inputs[i];
    return sum;
}

/* The largest logit's class, the lowest on ties, and the confidence of its lead. */
ALWAYS_INLINE struct verdict nn_verdict(const int32_t *logits, uint32_t count,
                                        const struct confidence_table *confidence)
{
    uint32_t best_class = 0;
    int32_t best = INT32_MIN; /* below any logit: |logit| < 2^31 is proven */
    int32_t second = INT32_MIN;

    for (uint32_t i = 0; i < count; i++) {
        if (logits[i] > best) {
            second = best;
            best = logits[i];
            best_class = i;
        } else if (logits[i] > second) {
            second = logits[i];
        }
    }
    return (struct verdict){(uint16_t)best_class, confidence_of(confidence, best, second)};
}

ALWAYS_INLINE void nn_code(const uint8_t (*tables)[NN_CODES], const uint32_t *features,
                           uint32_t inputs, uint8_t *codes)
{
    for (uint32_t i = 0; i < inputs; i++)
        codes[i] = tables[i][nn_code_index(features[i])];
}

/* The last layer's sums, one per class, from the codes. `inputs`, here and below: nn_inputs(model),
 * which may be a constant; here also more, where there are as many codes. */
ALWAYS_INLINE void nn_logits_of(const struct nn_model *model, const uint8_t *codes, uint32_t inputs,
                                int32_t logits[NN_WIDTH_MAX])
{
    uint8_t activations[2][NN_WIDTH_MAX];
    uint32_t last = model->layer_count - 1;

    for (uint32_t i = 0; i < inputs; i++)
        activations[0][i] = codes[i];
    for (uint32_t l = 0; l < last; l++) {
        const struct nn_layer *layer = &model->layers[l];

        for (uint32_t o = 0; o < layer->outputs; o++)
            activations[~l & 1][o] =
                nn_requantise(nn_neuron(layer, o, activations[l & 1]), layer->shift[o]);
    }
    for (uint32_t o = 0; o < model->class_count; o++)
        logits[o] = nn_neuron(&model->layers[last], o, activations[last & 1]);
}

ALWAYS_INLINE void nn_logits(const struct nn_model *model, const uint32_t *features,
                             uint32_t inputs, int32_t logits[NN_WIDTH_MAX])
{
    uint8_t codes[NN_INPUTS_MAX];

    nn_code(model->code, features, inputs, codes);
    nn_logits_of(model, codes, inputs, logits);
}

ALWAYS_INLINE struct verdict nn_classify(const struct nn_model *model, const uint32_t *features,
                                         uint32_t inputs)
{
    int32_t logits[NN_WIDTH_MAX];

    nn_logits(model, features, inputs, logits);
    return nn_verdict(logits, model->class_count, &model->confidence);
}

#endif
