// SPDX-License-Identifier: BSD-2-Clause
/* What the AVX-512 VBMI files share. They are compiled for that level: include this nowhere else.
 */
#ifndef AFXDP_DT_VBMI_H
#define AFXDP_DT_VBMI_H

#include <immintrin.h>

#include "dt_rank.h"

enum {
    LANES = 64, /* packets at once */
    VBMI_VERDICTS = 256,
};

/* Features of 64 packets, one feature after the other. A vector `quarter` of a column holds packet
 * 16 i + 4 quarter + j at 4 i + j: the order from which saturating packs of all four vectors make
 * bytes in the packets' own order. */
struct columns {
    uint32_t value[FEATURES_MAX][LANES];
} __attribute__((aligned(64)));

/* The rank of each packet in each slot, in the packets' order. */
struct ranks {
    uint8_t rank[RANK_SLOTS][LANES];
} __attribute__((aligned(64)));

ALWAYS_INLINE __m512i load(const void *memory)
{
    return _mm512_load_si512(memory);
}

/* Entries of a table of 256 bytes. */
ALWAYS_INLINE __m512i look_up_256(const uint8_t *table, __m512i index)
{
    __m512i low = _mm512_permutex2var_epi8(load(table), index, load(table + 64));
    __m512i high = _mm512_permutex2var_epi8(load(table + 128), index, load(table + 192));

    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index), low, high);
}

/* From rows of that set. */
void vbmi_columns(const uint32_t *features, uint32_t feature_set, struct columns *columns);

/* Ranks in the group's slots; the others are left alone. */
void vbmi_rank(const struct columns *columns, const struct rank_plan *plan,
               const struct rank_group *group, struct ranks *ranks);

/* Verdicts of a single tree by number, byte by byte: class, low and high byte of the confidence. */
struct vbmi_verdicts {
    uint8_t bytes[3][VBMI_VERDICTS];
    uint8_t *numbers; /* of each end of the tree; aligned */
} __attribute__((aligned(64)));

/* Walks a tree for 64 packets: writes their verdicts or, where `numbered` is NULL, the places among
 * the tree's ends that they come to. */
typedef void vbmi_walk_function(const uint8_t *tables, const struct rank_tree *tree,
                                const struct ranks *ranks, uint16_t places[LANES],
                                const struct vbmi_verdicts *numbered, struct verdict *verdicts);

/* The function for a tree of that depth in a group with that many slots. */
vbmi_walk_function *vbmi_walk_of(const struct rank_group *group, const struct rank_tree *tree);

#endif
