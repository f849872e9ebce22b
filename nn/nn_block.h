// SPDX-License-Identifier: BSD-2-Clause
/* From features to verdicts around nn_simd.h, for instruction sets that can't look codes up in
 * vectors. Private to the variants of this folder. Besides what nn_simd.h wants, the including
 * file defines
 *   void nn_indices(uint32_t *indices, const uint32_t *values, uint32_t inputs);
 *     nn_code_index of each value */
#ifndef AFXDP_NN_BLOCK_H
#define AFXDP_NN_BLOCK_H

#include <string.h>

#include "nn_reference.h"
#include "nn_simd.h"

/* Up to NN_BLOCK packets; lanes without one compute on zeros. */
ALWAYS_INLINE void nn_classify_block(const struct nn_tiled *model, const uint32_t *features,
                                     size_t count, struct verdict *verdicts, uint32_t inputs)
{
    nn_activations activations[2];
    struct nn_leaders leaders;
    int32_t best[NN_BLOCK], second[NN_BLOCK], class_index[NN_BLOCK];

    if (count < NN_BLOCK)
        memset(activations[0], 0, inputs / 4 * sizeof(activations[0][0]));
    for (size_t i = 0; i < count; i++) {
        uint32_t indices[NN_INPUTS_MAX];

        nn_indices(indices, features + i * inputs, inputs);
#pragma GCC unroll 28
        for (uint32_t f = 0; f < inputs; f++)
            ((uint8_t *)activations[0][f / 4])[4 * i + f % 4] = model->code[f][indices[f]];
    }
    nn_layers(&leaders, activations, model, inputs / 4, NN_GROUPS);
    memcpy(best, leaders.best, sizeof(best));
    memcpy(second, leaders.second, sizeof(second));
    memcpy(class_index, leaders.class_index, sizeof(class_index));
    for (size_t i = 0; i < count; i++) {
        verdicts[i].class_index = (uint16_t)class_index[i];
        verdicts[i].confidence = confidence_of(&model->confidence, best[i], second[i]);
    }
}

ALWAYS_INLINE void nn_classify_blocks(const struct nn_tiled *model, const uint32_t *features,
                                      size_t count, struct verdict *verdicts, uint32_t inputs)
{
    for (size_t at = 0; at < count; at += NN_BLOCK)
        nn_classify_block(model, features + at * inputs,
                          count - at < NN_BLOCK ? count - at : NN_BLOCK, verdicts + at, inputs);
}

#endif
