// SPDX-License-Identifier: BSD-2-Clause
/* AVX2: 8 packets a group. Codes are looked up one by one. */
#include <errno.h>
#include <immintrin.h>
#include <string.h>

#include "cpu.h"
#include "nn_reference.h"
#include "nn_variant.h"

enum {
    NN_LANES = 8,
    NN_GROUPS = 2,
    NN_BLOCK = NN_LANES * NN_GROUPS,
};

typedef __m256i nn_vector;

ALWAYS_INLINE nn_vector nn_broadcast(int32_t value)
{
    return _mm256_set1_epi32(value);
}

/* vpmaddubsw adds two products in 16 bits and saturates, but these can't: 2 × 127 × 127 is
 * 32,258. */
ALWAYS_INLINE void nn_dot(nn_vector *sum, nn_vector inputs, nn_vector weights)
{
    __m256i pairs = _mm256_maddubs_epi16(inputs, weights);

    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

/* The packs saturate at 127, negative sums become 0 at the end. They leave [output][packet] in
 * each 128-bit lane, which is transposed. */
ALWAYS_INLINE nn_vector nn_requantise_tile(const nn_vector sums[4], const int32_t shift[4])
{
    const __m256i transpose = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m256i low = _mm256_packs_epi32(_mm256_srav_epi32(sums[0], nn_broadcast(shift[0])),
                                     _mm256_srav_epi32(sums[1], nn_broadcast(shift[1])));
    __m256i high = _mm256_packs_epi32(_mm256_srav_epi32(sums[2], nn_broadcast(shift[2])),
                                      _mm256_srav_epi32(sums[3], nn_broadcast(shift[3])));
    __m256i bytes = _mm256_max_epi8(_mm256_packs_epi16(low, high), _mm256_setzero_si256());

    return _mm256_shuffle_epi8(bytes, transpose);
}

ALWAYS_INLINE nn_vector nn_min(nn_vector a, nn_vector b)
{
    return _mm256_min_epi32(a, b);
}

ALWAYS_INLINE nn_vector nn_max(nn_vector a, nn_vector b)
{
    return _mm256_max_epi32(a, b);
}

ALWAYS_INLINE nn_vector nn_if_greater(nn_vector a, nn_vector b, nn_vector yes, nn_vector no)
{
    return _mm256_blendv_epi8(no, yes, _mm256_cmpgt_epi32(a, b));
}

/* As a float, a value has nn_code_index in its exponent and highest mantissa bits, less a constant;
 * values below 16 are their own index. The conversion rounds to nearest and takes signed integers:
 * a bit that is 0 below the highest eight keeps what matters from being rounded up, and values
 * from 2^31 on are halved first, which costs them an exponent. */
ALWAYS_INLINE __m256i indices_of(__m256i value)
{
    __m256i cut = _mm256_andnot_si256(_mm256_srli_epi32(value, 8), value);
    __m256i halved = _mm256_srli_epi32(cut, 1);
    __m256i large = _mm256_srai_epi32(value, 31);
    __m256i bits = _mm256_castps_si256(_mm256_cvtepi32_ps(_mm256_blendv_epi8(cut, halved, large)));
    __m256i constant =
        _mm256_add_epi32(_mm256_set1_epi32((127 + 3) << 4), _mm256_slli_epi32(large, 4));
    __m256i index = _mm256_sub_epi32(_mm256_srli_epi32(bits, 19), constant);
    __m256i small = _mm256_cmpeq_epi32(_mm256_min_epu32(value, _mm256_set1_epi32(15)), value);

    return _mm256_blendv_epi8(index, value, small);
}

/* Vectors of eight, of which the last overlaps the one before. */
ALWAYS_INLINE void nn_indices(uint32_t *indices, const uint32_t *values, uint32_t inputs)
{
#pragma GCC unroll 4
    for (uint32_t i = 0; i < inputs; i += NN_LANES) {
        uint32_t at = i < inputs - NN_LANES ? i : inputs - NN_LANES;

        _mm256_storeu_si256(
            (__m256i *)(void *)(indices + at),
            indices_of(_mm256_loadu_si256((const __m256i *)(const void *)(values + at))));
    }
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

NN_VARIANT(nn_avx2, "avx2", CPU_AVX2);
