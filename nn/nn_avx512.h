// SPDX-License-Identifier: BSD-2-Clause
/* nn_simd.h in AVX-512 VNNI: 16 packets a group, and the way from leaders to verdicts. What differs
 * between the variants is how they code the inputs. */
#ifndef AFXDP_NN_AVX512_H
#define AFXDP_NN_AVX512_H

#include <immintrin.h>
#include <string.h>

#include "nn_reference.h"

enum {
    NN_LANES = 16,
    NN_GROUPS = 4,
    NN_BLOCK = NN_LANES * NN_GROUPS,
};

typedef __m512i nn_vector;

ALWAYS_INLINE nn_vector nn_broadcast(int32_t value)
{
    return _mm512_set1_epi32(value);
}

/* vpdpbusd doesn't saturate: that no sum overflows is proven when a model is loaded. Not the
 * intrinsic, for whose result GCC 12 takes another register than the sum's: its loops consist
 * mostly of moves and take half as long again. */
ALWAYS_INLINE void nn_dot(nn_vector *sum, nn_vector inputs, nn_vector weights)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(inputs), "v"(weights));
}

/* The packs saturate at 127, negative sums become 0 at the end. They leave [output][packet] in
 * each 128-bit lane, which is transposed. */
ALWAYS_INLINE nn_vector nn_requantise_tile(const nn_vector sums[4], const int32_t shift[4])
{
    const __m512i transpose =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i low = _mm512_packs_epi32(_mm512_srav_epi32(sums[0], nn_broadcast(shift[0])),
                                     _mm512_srav_epi32(sums[1], nn_broadcast(shift[1])));
    __m512i high = _mm512_packs_epi32(_mm512_srav_epi32(sums[2], nn_broadcast(shift[2])),
                                      _mm512_srav_epi32(sums[3], nn_broadcast(shift[3])));
    __m512i bytes = _mm512_max_epi8(_mm512_packs_epi16(low, high), _mm512_setzero_si512());

    return _mm512_shuffle_epi8(bytes, transpose);
}

ALWAYS_INLINE nn_vector nn_min(nn_vector a, nn_vector b)
{
    return _mm512_min_epi32(a, b);
}

ALWAYS_INLINE nn_vector nn_max(nn_vector a, nn_vector b)
{
    return _mm512_max_epi32(a, b);
}

ALWAYS_INLINE nn_vector nn_if_greater(nn_vector a, nn_vector b, nn_vector yes, nn_vector no)
{
    return _mm512_mask_mov_epi32(no, _mm512_cmpgt_epi32_mask(a, b), yes);
}

/* nn_code_index of sixteen values: as a float, rounded towards zero, a value has it in its exponent
 * and highest mantissa bits, less a constant; values below 16 are their own index. */
ALWAYS_INLINE __m512i nn_code_indices(__m512i values)
{
    __m512i bits = _mm512_castps_si512(
        _mm512_cvt_roundepu32_ps(values, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));

    return _mm512_mask_sub_epi32(values, _mm512_cmpge_epu32_mask(values, _mm512_set1_epi32(16)),
                                 _mm512_srli_epi32(bits, 19), _mm512_set1_epi32((127 + 3) << 4));
}

#include "nn_avx512few.h"
#include "nn_simd.h"

enum { NN_INPUT_QUADS_MAX = NN_INPUTS_MAX / 4 };

/* The confidences of 32 margins below 256, as words. */
ALWAYS_INLINE __m512i nn_confidence(const struct confidence_table *confidence, __m512i margins)
{
    const uint16_t *step = confidence->step;
    __m512i quarters[4];

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++, step += 64)
        quarters[i] = _mm512_permutex2var_epi16(_mm512_loadu_si512(step), margins,
                                                _mm512_loadu_si512(step + 32));
    __mmask32 bit6 = _mm512_test_epi16_mask(margins, _mm512_set1_epi16(64));
    __mmask32 bit7 = _mm512_test_epi16_mask(margins, _mm512_set1_epi16(128));

    return _mm512_mask_blend_epi16(bit7, _mm512_mask_blend_epi16(bit6, quarters[0], quarters[1]),
                                   _mm512_mask_blend_epi16(bit6, quarters[2], quarters[3]));
}

ALWAYS_INLINE __m512i nn_margin(const struct confidence_table *confidence,
                                const struct nn_leaders *leaders, int g)
{
    __m512i margin = _mm512_sub_epi32(leaders->best[g], leaders->second[g]);

    margin = _mm512_srlv_epi32(margin, nn_broadcast((int32_t)confidence->shift));
    return _mm512_min_epu32(margin, nn_broadcast(CONFIDENCE_STEPS - 1));
}

/* Verdicts of groups `a` and `b`: a struct verdict in each lane. Packing and unpacking both work
 * within 128-bit lanes, so that packets keep their place. */
ALWAYS_INLINE void nn_verdicts(__m512i verdicts[2], const struct confidence_table *confidence,
                               const struct nn_leaders *leaders, int a, int b)
{
    __m512i classes = _mm512_packus_epi32(leaders->class_index[a], leaders->class_index[b]);
    __m512i margins =
        _mm512_packus_epi32(nn_margin(confidence, leaders, a), nn_margin(confidence, leaders, b));
    __m512i confidences = nn_confidence(confidence, margins);

    verdicts[0] = _mm512_unpacklo_epi16(classes, confidences);
    verdicts[1] = _mm512_unpackhi_epi16(classes, confidences);
}

/* 128-bit lanes by number out of consecutive vectors of four: a to d make one vector. */
#define NN_LANES_OF(vectors, a, b, c, d)                                                           \
    _mm512_mask_shuffle_i32x4(_mm512_shuffle_i32x4((vectors)[(a) / 4], (vectors)[(c) / 4],         \
                                                   (a) % 4 * 0x05 | (c) % 4 * 0x50),               \
                              0xf0f0, (vectors)[(b) / 4], (vectors)[(d) / 4],                      \
                              (b) % 4 * 0x05 | (d) % 4 * 0x50)

#define NN_QUAD_OF(vectors, quad, all)                                                             \
    NN_LANES_OF(vectors, quad, (all) + (quad), 2 * (all) + (quad), 3 * (all) + (quad))

/* Features of four packets, in n quads each, are n vectors of four 128-bit lanes: lane n p + quad
 * belongs to packet p. Gives each quad's four packets a vector of their own. */
ALWAYS_INLINE void nn_sort_lanes(__m512i quads[NN_INPUT_QUADS_MAX],
                                 const __m512i vectors[NN_INPUT_QUADS_MAX], uint32_t input_quads)
{
    if (input_quads == FEATURES_1 / 4) {
        quads[0] = NN_QUAD_OF(vectors, 0, FEATURES_1 / 4);
        quads[1] = NN_QUAD_OF(vectors, 1, FEATURES_1 / 4);
        quads[2] = NN_QUAD_OF(vectors, 2, FEATURES_1 / 4);
        return;
    }
    quads[0] = NN_QUAD_OF(vectors, 0, FEATURES_2 / 4);
    quads[1] = NN_QUAD_OF(vectors, 1, FEATURES_2 / 4);
    quads[2] = NN_QUAD_OF(vectors, 2, FEATURES_2 / 4);
    quads[3] = NN_QUAD_OF(vectors, 3, FEATURES_2 / 4);
    quads[4] = NN_QUAD_OF(vectors, 4, FEATURES_2 / 4);
    quads[5] = NN_QUAD_OF(vectors, 5, FEATURES_2 / 4);
    quads[6] = NN_QUAD_OF(vectors, 6, FEATURES_2 / 4);
}

/* Runs the layers on a block of coded packets. Lane 4 p + b of group s is packet 16 b + 4 s + p,
 * as both ways of coding leave them; verdicts come in the packets' order. */
ALWAYS_INLINE void nn_classify_block(struct verdict *verdicts, nn_activations activations[2],
                                     const struct nn_tiled *model, uint32_t input_quads)
{
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    struct nn_leaders leaders;
    __m512i groups[NN_GROUPS], vectors[NN_GROUPS];

    nn_layers(&leaders, activations, model, input_quads, NN_GROUPS);
    nn_verdicts(&groups[0], &model->confidence, &leaders, 0, 1);
    nn_verdicts(&groups[2], &model->confidence, &leaders, 2, 3);

    __m512i low01 = _mm512_unpacklo_epi32(groups[0], groups[1]);
    __m512i high01 = _mm512_unpackhi_epi32(groups[0], groups[1]);
    __m512i low23 = _mm512_unpacklo_epi32(groups[2], groups[3]);
    __m512i high23 = _mm512_unpackhi_epi32(groups[2], groups[3]);
    vectors[0] = _mm512_unpacklo_epi64(low01, low23);
    vectors[1] = _mm512_unpackhi_epi64(low01, low23);
    vectors[2] = _mm512_unpacklo_epi64(high01, high23);
    vectors[3] = _mm512_unpackhi_epi64(high01, high23);
#pragma GCC unroll 4
    for (int b = 0; b < NN_GROUPS; b++)
        _mm512_storeu_si512(verdicts + NN_LANES * b, _mm512_permutexvar_epi32(order, vectors[b]));
}

typedef void nn_block_function(const struct nn_avx512 *model, const uint32_t *features,
                               struct verdict *verdicts);

/* Defines `name`, the file's classify_block, which is always inline, for so many inputs. */
#define NN_BLOCK_FUNCTION(name, inputs)                                                            \
    static void name(const struct nn_avx512 *model, const uint32_t *features,                      \
                     struct verdict *verdicts)                                                     \
    {                                                                                              \
        classify_block(model, features, verdicts, inputs);                                         \
    }

/* Any number of packets. What remains behind the last whole block goes another way where it is at
 * most `few`, else through a block, once more with packets before it, or with zeros. */
ALWAYS_INLINE void nn_classify_blocks(const struct nn_avx512 *model, const uint32_t *features,
                                      size_t count, struct verdict *verdicts, uint32_t inputs,
                                      size_t few, nn_block_function *classify_block)
{
    size_t whole = count / NN_BLOCK * NN_BLOCK;
    size_t left = count - whole;

    for (size_t at = 0; at < whole; at += NN_BLOCK)
        classify_block(model, features + at * inputs, verdicts + at);
    if (left <= few) {
        nn_classify_few(model, features + whole * inputs, left, verdicts + whole, inputs);
    } else if (whole > 0) {
        classify_block(model, features + (count - NN_BLOCK) * inputs, verdicts + count - NN_BLOCK);
    } else {
        uint32_t padded[NN_BLOCK * NN_INPUTS_MAX];
        struct verdict all[NN_BLOCK];

        memcpy(padded, features, count * inputs * sizeof(*padded));
        memset(padded + count * inputs, 0, (NN_BLOCK - count) * inputs * sizeof(*padded));
        classify_block(model, padded, all);
        memcpy(verdicts, all, count * sizeof(*verdicts));
    }
}

#endif
