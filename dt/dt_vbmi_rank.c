// SPDX-License-Identifier: BSD-2-Clause
/* Features to ranks, 64 packets at once. What sets the pace of a binary search is the latency from
 * one comparison to the next, so several slots are searched side by side. */
#include "dt_vbmi.h"

/* Four features of 16 packets: four rows of four 128-bit pieces into four vectors. */
ALWAYS_INLINE void transpose_four(const __m512i rows[4], uint32_t (*columns)[LANES], int quarter)
{
    __m512i low01 = _mm512_unpacklo_epi32(rows[0], rows[1]);
    __m512i high01 = _mm512_unpackhi_epi32(rows[0], rows[1]);
    __m512i low23 = _mm512_unpacklo_epi32(rows[2], rows[3]);
    __m512i high23 = _mm512_unpackhi_epi32(rows[2], rows[3]);

    _mm512_store_si512(columns[0] + 16 * quarter, _mm512_unpacklo_epi64(low01, low23));
    _mm512_store_si512(columns[1] + 16 * quarter, _mm512_unpackhi_epi64(low01, low23));
    _mm512_store_si512(columns[2] + 16 * quarter, _mm512_unpacklo_epi64(high01, high23));
    _mm512_store_si512(columns[3] + 16 * quarter, _mm512_unpackhi_epi64(high01, high23));
}

/* Eight features of two packets that stand 16 apart. */
ALWAYS_INLINE __m512i load_eight(const uint32_t *packet, uint32_t width)
{
    __m256i first = _mm256_loadu_si256((const void *)packet);
    __m256i second = _mm256_loadu_si256((const void *)(packet + 16 * width));

    return _mm512_mask_broadcast_i32x8(_mm512_castsi256_si512(first), 0xff00, second);
}

/* Four features of four packets that stand 16 apart. */
ALWAYS_INLINE __m512i load_four(const uint32_t *packet, uint32_t width)
{
    const __m128i *pieces[4];

    for (uint32_t i = 0; i < 4; i++)
        pieces[i] = (const void *)(packet + 16 * i * width);
    __m512i row = _mm512_castsi128_si512(_mm_loadu_si128(pieces[0]));
    row = _mm512_mask_broadcast_i32x4(row, 0x00f0, _mm_loadu_si128(pieces[1]));
    row = _mm512_mask_broadcast_i32x4(row, 0x0f00, _mm_loadu_si128(pieces[2]));
    return _mm512_mask_broadcast_i32x4(row, 0xf000, _mm_loadu_si128(pieces[3]));
}

/* A row is eights of features, then four. `width` is a constant. */
ALWAYS_INLINE void columns_of(const uint32_t *features, uint32_t width, struct columns *columns)
{
    for (int quarter = 0; quarter < 4; quarter++) {
        __m512i rows[FEATURES_MAX / 4][4];

#pragma GCC unroll 4
        for (uint32_t j = 0; j < 4; j++) {
            const uint32_t *packet = features + (4 * (uint32_t)quarter + j) * width;

#pragma GCC unroll 3
            for (uint32_t f = 0; f + 8 <= width; f += 8) {
                __m512i front = load_eight(packet + f, width);
                __m512i back = load_eight(packet + 32 * width + f, width);

                rows[f / 4][j] = _mm512_shuffle_i32x4(front, back, 0x88);
                rows[f / 4 + 1][j] = _mm512_shuffle_i32x4(front, back, 0xdd);
            }
            rows[width / 4 - 1][j] = load_four(packet + width - 4, width);
        }
#pragma GCC unroll 7
        for (uint32_t f = 0; f < width; f += 4)
            transpose_four(rows[f / 4], columns->value + f, quarter);
    }
}

void vbmi_columns(const uint32_t *features, uint32_t feature_set, struct columns *columns)
{
    if (feature_set == FEATURE_SET_2)
        columns_of(features, FEATURES_2, columns);
    else
        columns_of(features, FEATURES_1, columns);
}

static void rank_bytes(const uint32_t *column, const uint8_t *table, uint8_t *ranks)
{
    __m512i most = _mm512_set1_epi32(UINT8_MAX);
    __m512i value[4];

    for (int i = 0; i < 4; i++)
        value[i] = _mm512_min_epu32(load(column + 16 * i), most);
    __m512i bytes = _mm512_packus_epi16(_mm512_packus_epi32(value[0], value[1]),
                                        _mm512_packus_epi32(value[2], value[3]));
    _mm512_store_si512(ranks, look_up_256(table, bytes));
}

/* The top bit of each element is the borrow of threshold - value: value is above. `difference` is
 * threshold - value in the width of the elements. */
ALWAYS_INLINE __m512i above(__m512i threshold, __m512i value, __m512i difference)
{
    return _mm512_ternarylogic_epi32(threshold, value, difference, 0x8e);
}

/* What a binary search compares with next: a node of `level` (rank_level_offset), each element its
 * own. Permutes take as many of an index's low bits as they need; its higher bits choose between
 * permutes. */
ALWAYS_INLINE __m512i node_words(const uint8_t *table, uint32_t level, __m512i index)
{
    table += rank_level_offset(RANK_WORDS, level);
    if (level == 0)
        return _mm512_set1_epi16(*(const int16_t *)(const void *)table);
    if (level < 6)
        return _mm512_permutexvar_epi16(index, load(table));
    __m512i node = _mm512_permutex2var_epi16(load(table), index, load(table + 64));
    if (level == 6)
        return node;
    __m512i other = _mm512_permutex2var_epi16(load(table + 128), index, load(table + 192));
    __mmask32 upper = _mm512_test_epi16_mask(index, _mm512_set1_epi16(1 << 6));
    return _mm512_mask_blend_epi16(upper, node, other);
}

ALWAYS_INLINE __m512i node_dwords(const uint8_t *table, uint32_t level, __m512i index)
{
    __m512i node[4];

    table += rank_level_offset(RANK_DWORDS, level);
    if (level == 0)
        return _mm512_set1_epi32(*(const int32_t *)(const void *)table);
    if (level < 5)
        return _mm512_permutexvar_epi32(index, load(table));
    for (uint32_t i = 0; i < 1u << (level - 5); i++)
        node[i] =
            _mm512_permutex2var_epi32(load(table + 128 * i), index, load(table + 128 * i + 64));
    __mmask16 odd = _mm512_test_epi32_mask(index, _mm512_set1_epi32(1 << 5));
    if (level > 5)
        node[0] = _mm512_mask_blend_epi32(odd, node[0], node[1]);
    if (level > 6) {
        node[2] = _mm512_mask_blend_epi32(odd, node[2], node[3]);
        __mmask16 upper = _mm512_test_epi32_mask(index, _mm512_set1_epi32(1 << 6));
        node[0] = _mm512_mask_blend_epi32(upper, node[0], node[2]);
    }
    return node[0];
}

/* Ranks of `count` slots, a constant, whose thresholds fit 16 bits. A step: index = 2 index +
 * (value above node). */
ALWAYS_INLINE void rank_words(const struct columns *columns, const uint8_t *tables,
                              const struct rank_slot *slots, uint32_t count, uint32_t levels,
                              struct ranks *ranks, uint32_t first_slot)
{
    __m512i most = _mm512_set1_epi32(UINT16_MAX);
    __m512i value[2 * RANK_WORDS_TOGETHER], index[2 * RANK_WORDS_TOGETHER];

#pragma GCC unroll 12
    for (uint32_t i = 0; i < 2 * count; i++) {
        const uint32_t *column = columns->value[slots[i / 2].feature] + 32 * (i % 2);

        value[i] = _mm512_packus_epi32(_mm512_min_epu32(load(column), most),
                                       _mm512_min_epu32(load(column + 16), most));
        index[i] = _mm512_setzero_si512();
    }
#pragma GCC unroll 8
    for (uint32_t level = 0; level < 8; level++) {
        if (level >= levels)
            break;
#pragma GCC unroll 12
        for (uint32_t i = 0; i < 2 * count; i++) {
            __m512i node = node_words(tables + slots[i / 2].table, level, index[i]);
            __m512i result = above(node, value[i], _mm512_sub_epi16(node, value[i]));

            index[i] = _mm512_shldi_epi16(index[i], result, 1);
        }
    }
#pragma GCC unroll 12
    for (uint32_t i = 0; i < count; i++)
        _mm512_store_si512(ranks->rank[first_slot + i],
                           _mm512_packus_epi16(index[2 * i], index[2 * i + 1]));
}

/* The same for any thresholds. */
ALWAYS_INLINE void rank_dwords(const struct columns *columns, const uint8_t *tables,
                               const struct rank_slot *slots, uint32_t count, uint32_t levels,
                               struct ranks *ranks, uint32_t first_slot)
{
    __m512i value[4 * RANK_DWORDS_TOGETHER], index[4 * RANK_DWORDS_TOGETHER];

#pragma GCC unroll 12
    for (uint32_t i = 0; i < 4 * count; i++) {
        value[i] = load(columns->value[slots[i / 4].feature] + 16 * (i % 4));
        index[i] = _mm512_setzero_si512();
    }
#pragma GCC unroll 8
    for (uint32_t level = 0; level < 8; level++) {
        if (level >= levels)
            break;
#pragma GCC unroll 12
        for (uint32_t i = 0; i < 4 * count; i++) {
            __m512i node = node_dwords(tables + slots[i / 4].table, level, index[i]);
            __m512i result = above(node, value[i], _mm512_sub_epi32(node, value[i]));

            index[i] = _mm512_shldi_epi32(index[i], result, 1);
        }
    }
#pragma GCC unroll 12
    for (uint32_t i = 0; i < count; i++) {
        __m512i low = _mm512_packus_epi32(index[4 * i], index[4 * i + 1]);
        __m512i high = _mm512_packus_epi32(index[4 * i + 2], index[4 * i + 3]);
        _mm512_store_si512(ranks->rank[first_slot + i], _mm512_packus_epi16(low, high));
    }
}

/* One function for each number of slots: the vectors of all of them stay in registers. */
typedef void rank_function(const struct columns *columns, const uint8_t *tables,
                           const struct rank_slot *slots, uint32_t levels, struct ranks *ranks,
                           uint32_t first_slot);

#define RANK(width, count)                                                                         \
    static void rank_##width##_##count(const struct columns *columns, const uint8_t *tables,       \
                                       const struct rank_slot *slots, uint32_t levels,             \
                                       struct ranks *ranks, uint32_t first_slot)                   \
    {                                                                                              \
        rank_##width(columns, tables, slots, count, levels, ranks, first_slot);                    \
    }
RANK(words, 1)
RANK(words, 2)
RANK(words, 3)
RANK(words, 4)
RANK(words, 5)
RANK(dwords, 1)
RANK(dwords, 2)
RANK(dwords, 3)

static void rank_chunk(const struct columns *columns, const struct rank_plan *plan,
                       const struct rank_group *group, const struct rank_chunk *chunk,
                       struct ranks *ranks)
{
    static rank_function *const words[] = {rank_words_1, rank_words_2, rank_words_3, rank_words_4,
                                           rank_words_5};
    static rank_function *const dwords[] = {rank_dwords_1, rank_dwords_2, rank_dwords_3};
    const struct rank_slot *slots = &group->slots[chunk->first];

    _Static_assert(RANK_WORDS_TOGETHER == 5 && RANK_DWORDS_TOGETHER == 3, "all are there");
    if (chunk->width == RANK_BYTES)
        rank_bytes(columns->value[slots->feature], plan->tables + slots->table,
                   ranks->rank[chunk->first]);
    else if (chunk->width == RANK_WORDS)
        words[chunk->count - 1](columns, plan->tables, slots, chunk->levels, ranks, chunk->first);
    else
        dwords[chunk->count - 1](columns, plan->tables, slots, chunk->levels, ranks, chunk->first);
}

void vbmi_rank(const struct columns *columns, const struct rank_plan *plan,
               const struct rank_group *group, struct ranks *ranks)
{
    for (uint32_t i = 0; i < group->chunk_count; i++)
        rank_chunk(columns, plan, group, &group->chunks[i], ranks);
}
