// SPDX-License-Identifier: BSD-2-Clause
/* AVX-512 VNNI with the input code gathered from memory, for CPUs without VBMI. */
#include <errno.h>

#include "cpu.h"
#include "nn_avx512.h"
#include "nn_variant.h"

static int prepare(void **out, const struct nn_model *model)
{
    *out = nn_tiled_new(sizeof(struct nn_tiled), model);
    return *out ? 0 : -ENOMEM;
}

/* Where the code table of each value of a block's three vectors begins. */
#define BEGINS(f) ((f) % FEATURES_1 * NN_CODES)
#define BEGINS_FROM(f)                                                                             \
    {                                                                                              \
        BEGINS((f)), BEGINS((f) + 1), BEGINS((f) + 2), BEGINS((f) + 3), BEGINS((f) + 4),           \
            BEGINS((f) + 5), BEGINS((f) + 6), BEGINS((f) + 7), BEGINS((f) + 8), BEGINS((f) + 9),   \
            BEGINS((f) + 10), BEGINS((f) + 11), BEGINS((f) + 12), BEGINS((f) + 13),                \
            BEGINS((f) + 14), BEGINS((f) + 15)                                                     \
    }

static const int32_t table_begins[3][16]
    __attribute__((aligned(64))) = {BEGINS_FROM(0), BEGINS_FROM(16), BEGINS_FROM(32)};

/* The codes of sixteen values. As a float, rounded towards zero, a value has nn_code_index in its
 * exponent and highest mantissa bits, less a constant; values below 16 are their own index. */
ALWAYS_INLINE __m512i look_up(const struct nn_tiled *model, const uint32_t *values, int vector)
{
    __m512i value = _mm512_loadu_si512(values);
    __m512i bits = _mm512_castps_si512(
        _mm512_cvt_roundepu32_ps(value, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
    __m512i index =
        _mm512_mask_sub_epi32(value, _mm512_cmpge_epu32_mask(value, _mm512_set1_epi32(16)),
                              _mm512_srli_epi32(bits, 19), _mm512_set1_epi32((127 + 3) << 4));
    __m512i codes = _mm512_i32gather_epi32(
        _mm512_add_epi32(index, _mm512_load_si512(table_begins[vector])), model->code, 1);

    return _mm512_and_si512(codes, _mm512_set1_epi32(255)); /* the rest are its neighbours */
}

/* Codes 64 packets: 16 blocks of four, of which s, s + 4, s + 8 and s + 12 make group s. */
ALWAYS_INLINE void code_block(nn_activations inputs, const struct nn_tiled *model,
                              const uint32_t *values)
{
    const size_t next = NN_LANES * FEATURES_1; /* from one of the four blocks to the next */

    for (int s = 0; s < NN_GROUPS; s++) {
        __m512i places[3], quads[NN_INPUT_QUADS];

#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) {
            const uint32_t *first = values + 4 * FEATURES_1 * s + 16 * j;
            __m512i low =
                _mm512_packus_epi32(look_up(model, first, j), look_up(model, first + next, j));
            __m512i high = _mm512_packus_epi32(look_up(model, first + 2 * next, j),
                                               look_up(model, first + 3 * next, j));
            places[j] = _mm512_packus_epi16(low, high);
        }
        nn_sort_lanes(quads, places[0], places[1], places[2]);
#pragma GCC unroll 3
        for (int quad = 0; quad < NN_INPUT_QUADS; quad++)
            inputs[quad][s] = quads[quad];
    }
}

static void classify_block(const struct nn_tiled *model, const uint32_t *features,
                           struct verdict *verdicts)
{
    nn_activations activations[2];

    code_block(activations[0], model, features);
    nn_classify_block(verdicts, activations, model);
}

static void classify(const void *model, const uint32_t *features, size_t count,
                     struct verdict *verdicts)
{
    nn_classify_blocks(model, features, count, verdicts, classify_block);
}

const struct nn_variant nn_avx512vnni = {"avx512vnni", CPU_AVX512_VNNI, prepare, classify};
