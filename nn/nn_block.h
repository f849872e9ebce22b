// SPDX-License-Identifier: BSD-2-Clause
/* From features to verdicts around nn_simd.h, for instruction sets that can't look codes up in
 * vectors. Private to the variants of this folder. Besides what nn_simd.h wants, the including
 * file defines
 *   void nn_indices(uint32_t indices[NN_INPUTS], const uint32_t values[NN_INPUTS]);
 *     nn_code_index of each value */
#ifndef AFXDP_NN_BLOCK_H
#define AFXDP_NN_BLOCK_H

#include <string.h>

#include "nn_reference.h"
#include "nn_simd.h"

/* Up to NN_BLOCK packets; lanes without one compute on zeros. */
static void nn_classify_block(const struct nn_tiled *model, const uint32_t *features, size_t count,
                              struct verdict *verdicts)
{
    nn_activations activations[2];
    struct nn_leaders leaders;
    int32_t best[NN_BLOCK], second[NN_BLOCK], class_index[NN_BLOCK];

    if (count < NN_BLOCK)
        memset(activations[0], 0, NN_INPUT_QUADS * sizeof(activations[0][0]));
    for (size_t i = 0; i < count; i++) {
        uint32_t indices[NN_INPUTS];

        nn_indices(indices, features + i * NN_INPUTS);
#pragma GCC unroll 12
        for (uint32_t f = 0; f < NN_INPUTS; f++)
            ((uint8_t *)activations[0][f / 4])[4 * i + f % 4] = model->code[f][indices[f]];
    }
    nn_layers(&leaders, activations, model, NN_GROUPS);
    memcpy(best, leaders.best, sizeof(best));
    memcpy(second, leaders.second, sizeof(second));
    memcpy(class_index, leaders.class_index, sizeof(class_index));
    for (size_t i = 0; i < count; i++) {
        verdicts[i].class_index = (uint16_t)class_index[i];
        verdicts[i].confidence = confidence_of(&model->confidence, best[i], second[i]);
    }
}

ALWAYS_INLINE void nn_classify_blocks(const struct nn_tiled *model, const uint32_t *features,
                                      size_t count, struct verdict *verdicts)
{
    for (; count >= NN_BLOCK;
         count -= NN_BLOCK, features += NN_BLOCK * NN_INPUTS, verdicts += NN_BLOCK)
        nn_classify_block(model, features, NN_BLOCK, verdicts);
    if (count > 0)
        nn_classify_block(model, features, count, verdicts);
}

#endif
