// SPDX-License-Identifier: BSD-2-Clause
/* Rank coding: comparing 32-bit features with thresholds, done on bytes.
 *
 * A feature is replaced by its rank, the number of the trees' thresholds below it: x > T_i exactly
 * where rank(x) > i. Nothing is lost, and up to 255 thresholds of a feature make a byte, a slot. A
 * feature with more takes several slots, each with its share of the thresholds. Trees of a forest
 * whose thresholds don't fit into the slots together are split into groups, coded one by one.
 * Where a tree alone has too many, only its upper levels are ranked.
 *
 * A tree is laid out level by level as if it were complete: the node that the decisions b0 b1 b2 …
 * (1: to the right) lead to stands at place b0 + 2 b1 + 4 b2 + … of its level. Under a leaf all
 * decisions are 0. This file is plain C; dt_vbmi.c runs what it makes. */
#ifndef AFXDP_DT_RANK_H
#define AFXDP_DT_RANK_H

#include "dt_model.h"

enum {
    RANK_SLOTS_1 = 16, /* of models of set 1, whose features are fewer */
    RANK_SLOTS = 32,
    RANK_MOST = 255,
    RANK_TREES_MOST = 64,  /* of a group */
    RANK_LEVELS_LEAST = 4, /* shallower trees are filled up; levels are even */
    RANK_LEVELS_MOST = 12, /* of deeper trees only the upper levels are ranked */
    RANK_ALIGNMENT = 64,
};

/* How wide a slot's thresholds are compared. Feature values are saturated to that width, beyond
 * all thresholds. Bytes are looked up, the others searched. */
enum rank_width {
    RANK_BYTES,  /* thresholds up to 254; table: rank of each byte, [256] */
    RANK_WORDS,  /* up to 65,534; table: levels of a binary search, see rank_level_offset */
    RANK_DWORDS, /* any */
};

enum {
    RANK_WORDS_TOGETHER = 5, /* slots searched side by side: enough to hide the latency of a step */
    RANK_DWORDS_TOGETHER = 3,
};

struct rank_slot {
    uint32_t feature;
    uint32_t table; /* offset into the tables */
};

/* Neighbouring slots of one width that are searched together, to the same depth. */
struct rank_chunk {
    uint8_t width;
    uint8_t first;
    uint8_t count;
    uint8_t levels; /* of the search, 1..8 */
};

struct rank_group {
    uint32_t slot_count;
    uint32_t chunk_count;
    struct rank_slot slots[RANK_SLOTS];
    struct rank_chunk chunks[RANK_SLOTS];
    uint32_t first_tree;
    uint32_t tree_count;
};

struct rank_tree {
    uint32_t levels;                  /* ranked ones: even, RANK_LEVELS_LEAST to _MOST */
    uint32_t rest;                    /* levels below those */
    uint32_t level[RANK_LEVELS_MOST]; /* offsets: thresholds' ranks, rank_level_size apart slots */
    uint32_t ends; /* offset: u32 [1 << levels], rows of scores or, with a rest, nodes */
};

struct rank_plan {
    const struct dt_model *model;
    uint32_t slots_most; /* of a group */
    uint32_t levels;     /* ranked ones of trees that are at least as deep */
    uint32_t group_count;
    struct rank_group *groups; /* room for one of each tree */
    struct rank_tree *trees;   /* [tree_count] */
    uint8_t *tables;           /* aligned */
    size_t tables_size;
};

/* Bytes of one table of a tree's level: one for each node, at least a vector of 64. */
ALWAYS_INLINE uint32_t rank_level_size(uint32_t level)
{
    return level > 6 ? 1u << level : 64;
}

/* Where a level of a binary search begins. Levels are in heap order: the node that the decisions
 * b0 b1 … bk lead to stands at place b0 2^k + … + bk; each level is filled up to a vector. */
ALWAYS_INLINE uint32_t rank_level_offset(enum rank_width width, uint32_t level)
{
    uint32_t in_a_vector = width == RANK_WORDS ? 5 : 4; /* the last level with 64 bytes */

    if (level <= in_a_vector)
        return 64 * level;
    return 64 * (in_a_vector + 1) + 128 * ((1u << (level - in_a_vector - 1)) - 1);
}

/* Makes the plan, which points into `model`, with as many levels as each tree's thresholds leave
 * room for. -ENOMEM. */
int rank_plan_new(struct rank_plan **out, const struct dt_model *model);
void rank_plan_free(struct rank_plan *plan); /* takes NULL */

#endif
