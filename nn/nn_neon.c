// SPDX-License-Identifier: BSD-2-Clause
/* NEON of any AArch64 CPU: 4 packets a group. Codes are looked up one by one. */
#include <arm_neon.h>
#include <errno.h>
#include <string.h>

#include "cpu.h"
#include "nn_reference.h"
#include "nn_variant.h"

enum {
    NN_LANES = 4,
    NN_GROUPS = 4,
    NN_BLOCK = NN_LANES * NN_GROUPS,
};

typedef int32x4_t nn_vector;

ALWAYS_INLINE nn_vector nn_broadcast(int32_t value)
{
    return vdupq_n_s32(value);
}

/* Adding two products stays within 16 bits: 2 × 127 × 127 is 32,258. */
ALWAYS_INLINE void nn_dot(nn_vector *sum, nn_vector inputs, nn_vector weights)
{
    int8x16_t in = vreinterpretq_s8_s32(inputs);
    int8x16_t weight = vreinterpretq_s8_s32(weights);
    int16x8_t low = vmull_s8(vget_low_s8(in), vget_low_s8(weight));
    int16x8_t high = vmull_high_s8(in, weight);

    *sum = vpadalq_s16(*sum, vpaddq_s16(low, high));
}

/* Narrowing saturates at 127, negative sums become 0 at the end. The bytes come as
 * [output][packet] and are transposed. */
ALWAYS_INLINE nn_vector nn_requantise_tile(const nn_vector sums[4], const int32_t shift[4])
{
    static const uint8_t transpose[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    int16x4_t words[4];

#pragma GCC unroll 4
    for (int o = 0; o < 4; o++)
        words[o] = vqmovn_s32(vshlq_s32(sums[o], vdupq_n_s32(-shift[o])));
    int8x16_t bytes = vcombine_s8(vqmovn_s16(vcombine_s16(words[0], words[1])),
                                  vqmovn_s16(vcombine_s16(words[2], words[3])));
    bytes = vmaxq_s8(bytes, vdupq_n_s8(0));
    return vreinterpretq_s32_s8(vqtbl1q_s8(bytes, vld1q_u8(transpose)));
}

ALWAYS_INLINE nn_vector nn_min(nn_vector a, nn_vector b)
{
    return vminq_s32(a, b);
}

ALWAYS_INLINE nn_vector nn_max(nn_vector a, nn_vector b)
{
    return vmaxq_s32(a, b);
}

ALWAYS_INLINE nn_vector nn_if_greater(nn_vector a, nn_vector b, nn_vector yes, nn_vector no)
{
    return vbslq_s32(vcgtq_s32(a, b), yes, no);
}

ALWAYS_INLINE uint32x4_t indices_of(uint32x4_t value)
{
    int32x4_t log = vsubq_s32(vdupq_n_s32(31), vreinterpretq_s32_u32(vclzq_u32(value)));
    uint32x4_t mantissa =
        vandq_u32(vshlq_u32(value, vsubq_s32(vdupq_n_s32(4), log)), vdupq_n_u32(15));
    uint32x4_t exponent = vshlq_n_u32(vreinterpretq_u32_s32(vsubq_s32(log, vdupq_n_s32(3))), 4);

    return vbslq_u32(vcltq_u32(value, vdupq_n_u32(16)), value, vaddq_u32(exponent, mantissa));
}

ALWAYS_INLINE void nn_indices(uint32_t *indices, const uint32_t *values, uint32_t inputs)
{
#pragma GCC unroll 7
    for (uint32_t at = 0; at < inputs; at += NN_LANES)
        vst1q_u32(indices + at, indices_of(vld1q_u32(values + at)));
}

#include "nn_block.h"

static int prepare(void **out, const struct nn_model *model)
{
    *out = nn_tiled_new(sizeof(struct nn_tiled), model);
    return *out ? 0 : -ENOMEM;
}

ALWAYS_INLINE void classify(const void *model, const uint32_t *features, size_t count,
                            struct verdict *verdicts, uint32_t inputs)
{
    nn_classify_blocks(model, features, count, verdicts, inputs);
}

NN_VARIANT(nn_neon, "neon", CPU_NEON);
