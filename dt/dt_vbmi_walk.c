// SPDX-License-Identifier: BSD-2-Clause
/* 64 packets walk a tree at once. With features as ranks (dt_rank.h) a level of a tree is a few
 * byte permutes for all of them.
 *
 * The latency from one comparison to the next sets the pace: the first levels choose between ranks
 * without looking anything up, and further down the nodes after either decision are fetched before
 * the decision is known. */
#include "dt_vbmi.h"

enum { TOP_LEVELS = 4 }; /* that choose between ranks directly */

_Static_assert((int)TOP_LEVELS == (int)RANK_LEVELS_LEAST, "every tree has them");

/* Where 64 packets are: decisions 0 to 7 as a number, all of them as masks. */
struct place {
    __m512i index;
    __mmask64 decision[RANK_LEVELS_MOST];
};

/* The entry at each packet's place in the table of a level, 1 << level bytes. */
ALWAYS_INLINE __m512i look_up(const uint8_t *table, uint32_t level, const struct place *place)
{
    __m512i part[1 << (RANK_LEVELS_MOST - 7)];

    if (level < 7)
        return _mm512_permutexvar_epi8(place->index, load(table));
    uint32_t parts = 1u << (level - 7);
    for (uint32_t i = 0; i < parts; i++)
        part[i] = _mm512_permutex2var_epi8(load(table + 128 * i), place->index,
                                           load(table + 128 * i + 64));
    for (uint32_t bit = 7; parts > 1; bit++, parts /= 2) {
        for (uint32_t i = 0; i < parts / 2; i++)
            part[i] = _mm512_mask_blend_epi8(place->decision[bit], part[2 * i], part[2 * i + 1]);
    }
    return part[0];
}

/* The same in the level below, for either outcome of this level's decision. */
ALWAYS_INLINE void look_ahead(const uint8_t *table, uint32_t level, const struct place *place,
                              __m512i entry[2])
{
    struct place below = *place;

    if (level < 7) { /* the decision is a bit of the index */
        entry[0] = look_up(table, level + 1, &below);
        below.index = _mm512_or_si512(below.index, _mm512_set1_epi8((char)(1 << level)));
        entry[1] = look_up(table, level + 1, &below);
        return;
    }
    entry[0] = look_up(table, level, &below); /* the decision chooses between the halves */
    entry[1] = look_up(table + rank_level_size(level), level, &below);
}

/* The rank in each packet's own slot. */
ALWAYS_INLINE __m512i choose(const __m512i *ranks, uint32_t count, __m512i slot)
{
    __m512i chosen[RANK_SLOTS];

#pragma GCC unroll 32
    for (uint32_t i = 0; i < count; i++)
        chosen[i] = ranks[i];
#pragma GCC unroll 5
    for (uint32_t bit = 1; count > 1; bit *= 2, count = (count + 1) / 2) {
        __mmask64 set = _mm512_test_epi8_mask(slot, _mm512_set1_epi8((char)bit));

#pragma GCC unroll 16
        for (uint32_t i = 0; i < count / 2; i++)
            chosen[i] = _mm512_mask_blend_epi8(set, chosen[2 * i], chosen[2 * i + 1]);
        if (count % 2)
            chosen[count / 2] = chosen[count - 1];
    }
    return chosen[0];
}

ALWAYS_INLINE __m512i blend_all(__m512i *entries, uint32_t level, const struct place *place)
{
    for (uint32_t bit = 0; bit < level; bit++) {
        for (uint32_t i = 0; i < 1u << (level - bit - 1); i++)
            entries[i] =
                _mm512_mask_blend_epi8(place->decision[bit], entries[2 * i], entries[2 * i + 1]);
    }
    return entries[0];
}

ALWAYS_INLINE void decide(struct place *place, uint32_t level, __m512i rank, __m512i threshold)
{
    __mmask64 right = _mm512_cmpgt_epu8_mask(rank, threshold);

    place->decision[level] = right;
    if (level < 8)
        place->index = _mm512_mask_add_epi8(place->index, right, place->index,
                                            _mm512_set1_epi8((char)(1 << level)));
}

/* A level of up to eight nodes. */
ALWAYS_INLINE void walk_top_level(const uint8_t *table, uint32_t level, const struct ranks *ranks,
                                  struct place *place)
{
    const uint8_t *slots = table + rank_level_size(level);
    __m512i entries[1 << (TOP_LEVELS - 1)];
    __m512i threshold;

    if (level < 3) {
        for (uint32_t i = 0; i < 1u << level; i++)
            entries[i] = _mm512_set1_epi8((char)table[i]);
        threshold = blend_all(entries, level, place);
    } else {
        threshold = look_up(table, level, place);
    }
    for (uint32_t i = 0; i < 1u << level; i++)
        entries[i] = load(ranks->rank[slots[i]]);
    decide(place, level, blend_all(entries, level, place), threshold);
}

/* Two levels, the second fetched for either decision of the first. */
ALWAYS_INLINE void walk_two_levels(const uint8_t *tables, const struct rank_tree *tree,
                                   uint32_t level, const __m512i *ranks, uint32_t slot_count,
                                   struct place *place)
{
    if (level >= RANK_LEVELS_MOST)
        __builtin_unreachable();
    const uint8_t *first = tables + tree->level[level];
    const uint8_t *second = tables + tree->level[level + 1];
    __m512i slot[2], rank[2], threshold[2];

    look_ahead(second, level, place, threshold);
    look_ahead(second + rank_level_size(level + 1), level, place, slot);
    for (int i = 0; i < 2; i++)
        rank[i] = choose(ranks, slot_count, slot[i]);
    decide(place, level,
           choose(ranks, slot_count, look_up(first + rank_level_size(level), level, place)),
           look_up(first, level, place));
    __mmask64 right = place->decision[level];
    decide(place, level + 1, _mm512_mask_blend_epi8(right, rank[0], rank[1]),
           _mm512_mask_blend_epi8(right, threshold[0], threshold[1]));
}

/* `levels` and `slot_count` are constants: everything is unrolled. */
ALWAYS_INLINE void walk(const uint8_t *tables, const struct rank_tree *tree, uint32_t levels,
                        const struct ranks *ranks, uint32_t slot_count, struct place *place)
{
    __m512i rank[RANK_SLOTS];

    place->index = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (uint32_t level = 0; level < TOP_LEVELS; level++)
        walk_top_level(tables + tree->level[level], level, ranks, place);
#pragma GCC unroll 32
    for (uint32_t i = 0; i < slot_count; i++)
        rank[i] = load(ranks->rank[i]);
#pragma GCC unroll 4
    for (uint32_t level = TOP_LEVELS; level < levels; level += 2)
        walk_two_levels(tables, tree, level, rank, slot_count, place);
}

/* Verdicts by number, for packets in order: bytes to words to dwords. The numbers are moved first
 * so that what unpacking does within 128 bits comes out in order. */
ALWAYS_INLINE void store_verdicts(const struct vbmi_verdicts *numbered, __m512i number,
                                  struct verdict *verdicts)
{
    static const uint8_t order[LANES] __attribute__((aligned(64))) = {
        0,  1,  2,  3,  16, 17, 18, 19, 32, 33, 34, 35, 48, 49, 50, 51, 4,  5,  6,  7,  20, 21,
        22, 23, 36, 37, 38, 39, 52, 53, 54, 55, 8,  9,  10, 11, 24, 25, 26, 27, 40, 41, 42, 43,
        56, 57, 58, 59, 12, 13, 14, 15, 28, 29, 30, 31, 44, 45, 46, 47, 60, 61, 62, 63};
    __m512i moved = _mm512_permutexvar_epi8(load(order), number);
    __m512i class = look_up_256(numbered->bytes[0], moved);
    __m512i low = look_up_256(numbered->bytes[1], moved);
    __m512i high = look_up_256(numbered->bytes[2], moved);
    __m512i classes[2] = {_mm512_unpacklo_epi8(class, _mm512_setzero_si512()),
                          _mm512_unpackhi_epi8(class, _mm512_setzero_si512())};
    __m512i confidences[2] = {_mm512_unpacklo_epi8(low, high), _mm512_unpackhi_epi8(low, high)};

    for (int i = 0; i < 2; i++) {
        _mm512_storeu_si512(verdicts + 32 * i, _mm512_unpacklo_epi16(classes[i], confidences[i]));
        _mm512_storeu_si512(verdicts + 32 * i + 16,
                            _mm512_unpackhi_epi16(classes[i], confidences[i]));
    }
}

/* The places as numbers of up to RANK_LEVELS_MOST bits. */
ALWAYS_INLINE void store_places(const struct place *place, uint32_t levels, uint16_t places[LANES])
{
    for (int half = 0; half < 2; half++) {
        __m256i bytes = half ? _mm512_extracti64x4_epi64(place->index, 1)
                             : _mm512_castsi512_si256(place->index);
        __m512i words = _mm512_cvtepu8_epi16(bytes);

        for (uint32_t level = 8; level < levels; level++)
            words = _mm512_mask_add_epi16(words, (__mmask32)(place->decision[level] >> (32 * half)),
                                          words, _mm512_set1_epi16((int16_t)(1 << level)));
        _mm512_storeu_si512(places + 32 * half, words);
    }
}

#define WALK(levels, slot_count)                                                                   \
    static void walk_##levels##_##slot_count(                                                      \
        const uint8_t *tables, const struct rank_tree *tree, const struct ranks *ranks,            \
        uint16_t places[LANES], const struct vbmi_verdicts *numbered, struct verdict *verdicts)    \
    {                                                                                              \
        struct place place;                                                                        \
                                                                                                   \
        walk(tables, tree, levels, ranks, slot_count, &place);                                     \
        if (numbered)                                                                              \
            store_verdicts(numbered, look_up(numbered->numbers, levels, &place), verdicts);        \
        else                                                                                       \
            store_places(&place, levels, places);                                                  \
    }
#define WALK_ALL(levels)                                                                           \
    WALK(levels, 8) WALK(levels, 12) WALK(levels, 16) WALK(levels, 24) WALK(levels, 32)
WALK_ALL(4)
WALK_ALL(6)
WALK_ALL(8)
WALK_ALL(10)
WALK_ALL(12)

vbmi_walk_function *vbmi_walk_of(const struct rank_group *group, const struct rank_tree *tree)
{
#define WALKS(levels)                                                                              \
    {                                                                                              \
        walk_##levels##_8, walk_##levels##_12, walk_##levels##_16, walk_##levels##_24,             \
            walk_##levels##_32                                                                     \
    }
    static vbmi_walk_function *const walks[][5] = {WALKS(4), WALKS(6), WALKS(8), WALKS(10),
                                                   WALKS(12)};

    _Static_assert(RANK_LEVELS_LEAST == 4 && RANK_LEVELS_MOST == 12, "all even levels are there");
    return walks[tree->levels / 2 - 2][group->slot_count <= 8    ? 0
                                       : group->slot_count <= 12 ? 1
                                       : group->slot_count <= 16 ? 2
                                       : group->slot_count <= 24 ? 3
                                                                 : 4];
}
