// SPDX-License-Identifier: BSD-2-Clause
/* What the two files that make a rank plan share. */
#ifndef AFXDP_DT_RANK_BUILD_H
#define AFXDP_DT_RANK_BUILD_H

#include "dt_rank.h"

/* The different thresholds of the features in a range of trees, ascending. */
struct thresholds {
    uint32_t *values[FEATURES_MAX]; /* into `memory` */
    uint32_t count[FEATURES_MAX];
    uint32_t *memory;
};

struct rank_builder {
    struct rank_plan *plan;
    uint8_t *level_of; /* [node_count] comparisons above each node */
    size_t room;       /* of the tables */
};

/* Collects those of `tree_count` trees above `levels`; -ENOMEM. thresholds_free, also after a
 * failure. */
int thresholds_collect(struct thresholds *thresholds, const struct rank_builder *builder,
                       uint32_t first_tree, uint32_t tree_count, uint32_t levels);
void thresholds_free(struct thresholds *thresholds);

/* The place of a threshold that is there. */
uint32_t thresholds_find(const struct thresholds *thresholds, uint32_t feature, uint32_t threshold);

/* How many slots they take. */
uint32_t thresholds_slots(const struct thresholds *thresholds);

/* Room for a table, all bytes `fill`; its offset, or UINT32_MAX without memory. Moves the tables.
 */
uint32_t rank_table_new(struct rank_builder *builder, size_t size, uint8_t fill);

/* Makes slots, chunks and tables of a group; `places` gets the slot of each RANK_MOST thresholds of
 * each feature. -ENOMEM. */
int rank_slots_make(struct rank_builder *builder, struct rank_group *group,
                    const struct thresholds *thresholds, uint8_t places[FEATURES_MAX][RANK_SLOTS]);

#endif
