// SPDX-License-Identifier: BSD-2-Clause
/* AVX-512 VNNI with the input code gathered from memory, for CPUs without VBMI. */
#include <errno.h>

#include "cpu.h"
#include "nn_avx512.h"
#include "nn_variant.h"

enum {
    FEW = 32
}; /* packets that take less time so than in a block: 13 ns each, and it 450 (Zen 5) */

static int prepare(void **out, const struct nn_model *model)
{
    struct nn_avx512 *prepared = nn_tiled_new(sizeof(*prepared), model);

    if (!prepared)
        return -ENOMEM;
    nn_few_fill(&prepared->few, model);
    *out = prepared;
    return 0;
}

/* Where the code table of each value of a vector begins, for vectors of a block of n quads: a
 * vector holds quads 4 i to 4 i + 3, counted through all packets, so that its first is 4 i modulo
 * n; one row for each quad that it may begin with. */
#define BEGINS(f) ((f)*NN_CODES)
#define QUAD(quad)                                                                                 \
    BEGINS(4 * (quad)), BEGINS(4 * (quad) + 1), BEGINS(4 * (quad) + 2), BEGINS(4 * (quad) + 3)
#define QUADS_FROM(quad, all)                                                                      \
    {                                                                                              \
        QUAD((quad) % (all)), QUAD(((quad) + 1) % (all)), QUAD(((quad) + 2) % (all)),              \
            QUAD(((quad) + 3) % (all))                                                             \
    }

static const int32_t begins_1[FEATURES_1 / 4][16]
    __attribute__((aligned(64))) = {QUADS_FROM(0, 3), QUADS_FROM(4, 3), QUADS_FROM(8, 3)};
static const int32_t begins_2[FEATURES_2 / 4][16] __attribute__((aligned(64))) = {
    QUADS_FROM(0, 7),  QUADS_FROM(4, 7),  QUADS_FROM(8, 7), QUADS_FROM(12, 7),
    QUADS_FROM(16, 7), QUADS_FROM(20, 7), QUADS_FROM(24, 7)};

ALWAYS_INLINE __m512i look_up(const struct nn_tiled *model, const uint32_t *values,
                              const int32_t begins[16])
{
    __m512i index = nn_code_indices(_mm512_loadu_si512(values));
    __m512i codes =
        _mm512_i32gather_epi32(_mm512_add_epi32(index, _mm512_load_si512(begins)), model->code, 1);

    return _mm512_and_si512(codes, _mm512_set1_epi32(255)); /* the rest are its neighbours */
}

/* Codes 64 packets: 16 blocks of four, of which s, s + 4, s + 8 and s + 12 make group s. */
ALWAYS_INLINE void code_block(nn_activations inputs, const struct nn_tiled *model,
                              const uint32_t *values, uint32_t features)
{
    const int32_t(*begins)[16] = features == FEATURES_1 ? begins_1 : begins_2;
    const size_t next = NN_LANES * features; /* from one of the four blocks to the next */

    for (uint32_t s = 0; s < NN_GROUPS; s++) {
        __m512i codes[NN_INPUT_QUADS_MAX], quads[NN_INPUT_QUADS_MAX];

#pragma GCC unroll 7
        for (uint32_t j = 0; j < features / 4; j++) {
            const uint32_t *first = values + 4 * features * s + 16 * j;
            __m512i low = _mm512_packus_epi32(look_up(model, first, begins[j]),
                                              look_up(model, first + next, begins[j]));
            __m512i high = _mm512_packus_epi32(look_up(model, first + 2 * next, begins[j]),
                                               look_up(model, first + 3 * next, begins[j]));
            codes[j] = _mm512_packus_epi16(low, high);
        }
        nn_sort_lanes(quads, codes, features / 4);
#pragma GCC unroll 7
        for (uint32_t quad = 0; quad < features / 4; quad++)
            inputs[quad][s] = quads[quad];
    }
}

ALWAYS_INLINE void classify_block(const struct nn_avx512 *model, const uint32_t *features,
                                  struct verdict *verdicts, uint32_t inputs)
{
    nn_activations activations[2];

    code_block(activations[0], &model->tiled, features, inputs);
    nn_classify_block(verdicts, activations, &model->tiled, inputs / 4);
}

NN_BLOCK_FUNCTION(classify_block_1, FEATURES_1)
NN_BLOCK_FUNCTION(classify_block_2, FEATURES_2)

ALWAYS_INLINE void classify(const void *model, const uint32_t *features, size_t count,
                            struct verdict *verdicts, uint32_t inputs)
{
    nn_classify_blocks(model, features, count, verdicts, inputs, FEW,
                       inputs == FEATURES_1 ? classify_block_1 : classify_block_2);
}

NN_VARIANT(nn_avx512vnni, "avx512vnni", CPU_AVX512_VNNI);
