// SPDX-License-Identifier: BSD-2-Clause
/* AVX-512 VNNI with the input code looked up by VBMI's byte permutes, 64 packets at a time.
 *
 * A value's place in its code table (nn_code_index) is the exponent and the four highest mantissa
 * bits of the value as a float, rounded towards zero: bits 19 to 30. Of these, nine bits tell all
 * values apart, once 0 has been given an exponent that no other value has, and so the tables are
 * kept in the order of those nine bits: 512 bytes, four pairs of vectors. */
#include <errno.h>
#include <immintrin.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "nn_avx512.h"
#include "nn_reference.h"
#include "nn_variant.h"

enum {
    FEW = 16, /* packets that take less time so than in a block: 13 ns each, and it 250 (Zen 5) */
    PLACES = 512,
    /* 0 as a float becomes 2^-32 × 1.0625: place 497, between those of 1 (496) and 2 (0). */
    ZERO_BITS = (127 - 32) << 23 | 1 << 19,
};

struct vbmi_model {
    struct nn_avx512 base;
    uint8_t places[NN_INPUTS_MAX][PLACES] __attribute__((aligned(64)));
};

/* The least value with this place in the code table. */
static uint32_t value_at(uint32_t index)
{
    return index < 16 ? index : (16 | (index & 15)) << ((index >> 4) - 1);
}

static uint32_t place_of(uint32_t value)
{
    if (value == 0)
        return (uint32_t)ZERO_BITS >> 19 & (PLACES - 1);
    uint32_t log = nn_log2(value);
    uint32_t mantissa = log >= 4 ? value >> (log - 4) : value << (4 - log);

    return ((127 + log) << 4 | (mantissa & 15)) & (PLACES - 1);
}

static int prepare(void **out, const struct nn_model *model)
{
    struct vbmi_model *prepared = nn_tiled_new(sizeof(*prepared), model);

    if (!prepared)
        return -ENOMEM;
    for (uint32_t f = 0; f < nn_inputs(model); f++) {
        for (uint32_t index = 0; index < NN_CODES; index++)
            prepared->places[f][place_of(value_at(index))] = model->code[f][index];
    }
    nn_few_fill(&prepared->base.few, model);
    *out = prepared;
    return 0;
}

/* Sixteen values: in each 32-bit lane bits 19 to 27 are the place. */
ALWAYS_INLINE __m512i float_bits(const uint32_t *values)
{
    __m512i bits = _mm512_castps_si512(_mm512_cvt_roundepu32_ps(
        _mm512_loadu_si512(values), _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));

    return _mm512_max_epi32(bits, _mm512_set1_epi32(ZERO_BITS));
}

/* Four blocks of four packets each give a vector of sixteen places of four packets each: low eight
 * bits in `low`, and in `high` bytes with the ninth bit on top. Each multishift takes both bytes
 * of a value out of its bits and puts them between those of the other blocks. */
ALWAYS_INLINE void gather_places(__m512i *low, __m512i *high, const uint32_t *values,
                                 uint32_t inputs)
{
    const size_t next = NN_LANES * inputs; /* from one of the four blocks to the next */
    const __m512i low_first = _mm512_set1_epi64(0x3434333314141313);
    const __m512i high_first = _mm512_set1_epi64(0x3333343413131414);
    const __mmask64 odd_bytes = 0xaaaaaaaaaaaaaaaa;
    __m512i first, second;

    first = _mm512_multishift_epi64_epi8(low_first, float_bits(values));
    first =
        _mm512_mask_multishift_epi64_epi8(first, odd_bytes, low_first, float_bits(values + next));
    second = _mm512_multishift_epi64_epi8(high_first, float_bits(values + 2 * next));
    second = _mm512_mask_multishift_epi64_epi8(second, odd_bytes, high_first,
                                               float_bits(values + 3 * next));
    *low = _mm512_mask_blend_epi16(0xaaaaaaaa, first, second);
    *high = _mm512_shrdi_epi32(first, second, 16);
}

/* Out of [s][vector of the block], in each dword a feature's four packets, comes one vector for
 * each feature: all 64 packets. First the dwords of the same place in the four s are put side by
 * side, then the 128-bit lanes sorted (nn_sort_lanes). */
ALWAYS_INLINE void sort_features(__m512i features[NN_INPUTS_MAX],
                                 __m512i parts[4][NN_INPUT_QUADS_MAX], uint32_t input_quads)
{
    __m512i places[4][NN_INPUT_QUADS_MAX]; /* [feature of the lane's quad][vector of the block],
                                              lanes of four s */

#pragma GCC unroll 7
    for (uint32_t j = 0; j < input_quads; j++) {
        __m512i low01 = _mm512_unpacklo_epi32(parts[0][j], parts[1][j]);
        __m512i high01 = _mm512_unpackhi_epi32(parts[0][j], parts[1][j]);
        __m512i low23 = _mm512_unpacklo_epi32(parts[2][j], parts[3][j]);
        __m512i high23 = _mm512_unpackhi_epi32(parts[2][j], parts[3][j]);
        places[0][j] = _mm512_unpacklo_epi64(low01, low23);
        places[1][j] = _mm512_unpackhi_epi64(low01, low23);
        places[2][j] = _mm512_unpacklo_epi64(high01, high23);
        places[3][j] = _mm512_unpackhi_epi64(high01, high23);
    }
#pragma GCC unroll 4
    for (int f = 0; f < 4; f++) {
        __m512i quads[NN_INPUT_QUADS_MAX];

        nn_sort_lanes(quads, places[f], input_quads);
#pragma GCC unroll 7
        for (uint32_t quad = 0; quad < input_quads; quad++)
            features[4 * quad + (uint32_t)f] = quads[quad];
    }
}

ALWAYS_INLINE __m512i look_up(const uint8_t places[PLACES], __m512i low, __m512i high)
{
    const __m512i *table = (const __m512i *)(const void *)places;
    __mmask64 bit7 = _mm512_movepi8_mask(low);
    __mmask64 bit8 = _mm512_movepi8_mask(high);
    __m512i quarter0 = _mm512_permutex2var_epi8(table[0], low, table[1]);
    __m512i quarter1 = _mm512_permutex2var_epi8(table[2], low, table[3]);
    __m512i quarter2 = _mm512_permutex2var_epi8(table[4], low, table[5]);
    __m512i quarter3 = _mm512_permutex2var_epi8(table[6], low, table[7]);

    return _mm512_mask_blend_epi8(bit8, _mm512_mask_blend_epi8(bit7, quarter0, quarter1),
                                  _mm512_mask_blend_epi8(bit7, quarter2, quarter3));
}

/* Codes 64 packets: 16 blocks of four, of which s, s + 4, s + 8 and s + 12 are handled together.
 * Byte 16 p + 4 s + b of a feature's vector belongs to packet p of block s + 4 b; so does, once
 * four features stand together, lane 4 p + b of group s. */
ALWAYS_INLINE void code_block(nn_activations inputs, const struct vbmi_model *model,
                              const uint32_t *values, uint32_t features)
{
    __m512i low[4][NN_INPUT_QUADS_MAX], high[4][NN_INPUT_QUADS_MAX];
    __m512i lows[NN_INPUTS_MAX], highs[NN_INPUTS_MAX];

#pragma GCC unroll 4
    for (uint32_t s = 0; s < 4; s++) {
#pragma GCC unroll 7
        for (uint32_t j = 0; j < features / 4; j++)
            gather_places(&low[s][j], &high[s][j], values + 4 * features * s + 16 * j, features);
    }
    sort_features(lows, low, features / 4);
    sort_features(highs, high, features / 4);
#pragma GCC unroll 7
    for (uint32_t quad = 0; quad < features / 4; quad++) {
        __m512i codes[4];

#pragma GCC unroll 4
        for (uint32_t f = 0; f < 4; f++)
            codes[f] =
                look_up(model->places[4 * quad + f], lows[4 * quad + f], highs[4 * quad + f]);

        __m512i low01 = _mm512_unpacklo_epi8(codes[0], codes[1]);
        __m512i high01 = _mm512_unpackhi_epi8(codes[0], codes[1]);
        __m512i low23 = _mm512_unpacklo_epi8(codes[2], codes[3]);
        __m512i high23 = _mm512_unpackhi_epi8(codes[2], codes[3]);
        inputs[quad][0] = _mm512_unpacklo_epi16(low01, low23);
        inputs[quad][1] = _mm512_unpackhi_epi16(low01, low23);
        inputs[quad][2] = _mm512_unpacklo_epi16(high01, high23);
        inputs[quad][3] = _mm512_unpackhi_epi16(high01, high23);
    }
}

ALWAYS_INLINE void classify_block(const struct nn_avx512 *base, const uint32_t *features,
                                  struct verdict *verdicts, uint32_t inputs)
{
    const struct vbmi_model *model = (const struct vbmi_model *)(const void *)base;
    nn_activations activations[2];

    code_block(activations[0], model, features, inputs);
    nn_classify_block(verdicts, activations, &base->tiled, inputs / 4);
}

NN_BLOCK_FUNCTION(classify_block_1, FEATURES_1)
NN_BLOCK_FUNCTION(classify_block_2, FEATURES_2)

ALWAYS_INLINE void classify(const void *model, const uint32_t *features, size_t count,
                            struct verdict *verdicts, uint32_t inputs)
{
    nn_classify_blocks(model, features, count, verdicts, inputs, FEW,
                       inputs == FEATURES_1 ? classify_block_1 : classify_block_2);
}

NN_VARIANT(nn_avx512vbmi, "avx512vbmi", CPU_AVX512_VNNI | CPU_AVX512_VBMI);
