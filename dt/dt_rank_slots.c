// SPDX-License-Identifier: BSD-2-Clause
/* Thresholds to slots and the tables that make ranks of features. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dt_rank_build.h"

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static uint32_t tree_end(const struct dt_model *model, uint32_t tree)
{
    return tree + 1 < model->shape.tree_count ? model->shape.tree[tree + 1].root
                                              : model->node_count;
}

static void keep_different(uint32_t *values, uint32_t *count)
{
    uint32_t kept = 0;

    qsort(values, *count, sizeof(*values), ascending);
    for (uint32_t i = 0; i < *count; i++) {
        if (kept == 0 || values[i] != values[kept - 1])
            values[kept++] = values[i];
    }
    *count = kept;
}

/* Whether a node's threshold is wanted. */
static bool is_ranked(const struct rank_builder *builder, uint32_t at, uint32_t levels)
{
    return !dt_node_is_leaf(&builder->plan->model->nodes[at]) && builder->level_of[at] < levels;
}

int thresholds_collect(struct thresholds *thresholds, const struct rank_builder *builder,
                       uint32_t first_tree, uint32_t tree_count, uint32_t levels)
{
    const struct dt_model *model = builder->plan->model;
    uint32_t begin = model->shape.tree[first_tree].root;
    uint32_t end = tree_end(model, first_tree + tree_count - 1);
    uint32_t filled[FEATURES_MAX] = {0};

    memset(thresholds, 0, sizeof(*thresholds));
    thresholds->memory = calloc(end - begin, sizeof(*thresholds->memory));
    if (!thresholds->memory)
        return -ENOMEM;
    for (uint32_t at = begin; at < end; at++) {
        if (is_ranked(builder, at, levels))
            thresholds->count[dt_node_value(&model->nodes[at])]++;
    }
    for (uint32_t f = 0, used = 0; f < FEATURES_MAX; f++) {
        thresholds->values[f] = thresholds->memory + used;
        used += thresholds->count[f];
    }
    for (uint32_t at = begin; at < end; at++) {
        const struct dt_node *node = &model->nodes[at];
        uint32_t f = dt_node_value(node);

        if (is_ranked(builder, at, levels))
            thresholds->values[f][filled[f]++] = node->threshold;
    }
    for (uint32_t f = 0; f < FEATURES_MAX; f++)
        keep_different(thresholds->values[f], &thresholds->count[f]);
    return 0;
}

void thresholds_free(struct thresholds *thresholds)
{
    free(thresholds->memory);
    thresholds->memory = NULL;
}

uint32_t thresholds_find(const struct thresholds *thresholds, uint32_t feature, uint32_t threshold)
{
    const uint32_t *values = thresholds->values[feature];
    const uint32_t *found =
        bsearch(&threshold, values, thresholds->count[feature], sizeof(*values), ascending);

    return (uint32_t)(found - values);
}

uint32_t thresholds_slots(const struct thresholds *thresholds)
{
    uint32_t slots = 0;

    for (uint32_t f = 0; f < FEATURES_MAX; f++)
        slots += (thresholds->count[f] + RANK_MOST - 1) / RANK_MOST;
    return slots;
}

uint32_t rank_table_new(struct rank_builder *builder, size_t size, uint8_t fill)
{
    struct rank_plan *plan = builder->plan;
    size_t offset = plan->tables_size;

    size = (size + RANK_ALIGNMENT - 1) / RANK_ALIGNMENT * RANK_ALIGNMENT;
    if (offset + size > builder->room) {
        size_t room = 2 * (offset + size);
        uint8_t *tables = aligned_alloc(RANK_ALIGNMENT, room);

        if (!tables || room > UINT32_MAX) {
            free(tables);
            return UINT32_MAX;
        }
        if (offset > 0)
            memcpy(tables, plan->tables, offset);
        free(plan->tables);
        plan->tables = tables;
        builder->room = room;
    }
    memset(plan->tables + offset, fill, size);
    plan->tables_size += size;
    return (uint32_t)offset;
}

/* What is known of a slot before its table is made. */
struct draft {
    enum rank_width width;
    uint32_t feature;
    uint32_t part; /* its place among the slots of its feature */
    const uint32_t *thresholds;
    uint32_t count; /* 1..RANK_MOST */
};

static int narrow_first(const void *a, const void *b)
{
    const struct draft *x = a;
    const struct draft *y = b;

    if (x->width != y->width)
        return x->width < y->width ? -1 : 1;
    if (x->count != y->count) /* the ones of a chunk are searched to the same depth */
        return x->count < y->count ? -1 : 1;
    if (x->feature != y->feature)
        return x->feature < y->feature ? -1 : 1;
    return (x->part > y->part) - (x->part < y->part);
}

static uint32_t draft_slots(struct draft drafts[RANK_SLOTS], const struct thresholds *thresholds)
{
    uint32_t slots = 0;

    for (uint32_t f = 0; f < FEATURES_MAX; f++) {
        for (uint32_t at = 0; at < thresholds->count[f]; at += RANK_MOST, slots++) {
            uint32_t left = thresholds->count[f] - at;
            uint32_t count = left < RANK_MOST ? left : RANK_MOST;
            uint32_t largest = thresholds->values[f][at + count - 1];

            drafts[slots] = (struct draft){
                .width = largest < UINT8_MAX    ? RANK_BYTES
                         : largest < UINT16_MAX ? RANK_WORDS
                                                : RANK_DWORDS,
                .feature = f,
                .part = at / RANK_MOST,
                .thresholds = thresholds->values[f] + at,
                .count = count,
            };
        }
    }
    qsort(drafts, slots, sizeof(*drafts), narrow_first);
    return slots;
}

/* Ranks of all bytes. */
static void fill_bytes(uint8_t *table, const struct draft *draft)
{
    for (uint32_t value = 0, rank = 0; value <= UINT8_MAX; value++) {
        while (rank < draft->count && draft->thresholds[rank] < value)
            rank++;
        table[value] = (uint8_t)rank;
    }
}

/* Node `place` of level `level` separates the ranks on either side of the middle of its share of
 * 2^levels ranks. Where there is no such threshold the table keeps all ones: nothing is above. */
static void fill_search(uint8_t *table, const struct draft *draft, uint32_t levels)
{
    for (uint32_t level = 0; level < levels; level++) {
        uint8_t *of_level = table + rank_level_offset(draft->width, level);

        for (uint32_t place = 0; place < 1u << level; place++) {
            uint32_t share = 1u << (levels - level);
            uint32_t rank = place * share + share / 2 - 1;

            if (rank >= draft->count)
                continue;
            uint32_t threshold = draft->thresholds[rank];
            if (draft->width == RANK_WORDS)
                memcpy(of_level + 2 * (size_t)place, &(uint16_t){(uint16_t)threshold}, 2);
            else
                memcpy(of_level + 4 * (size_t)place, &threshold, 4);
        }
    }
}

static int make_slot(struct rank_builder *builder, struct rank_slot *slot,
                     const struct draft *draft, uint32_t levels)
{
    size_t size = draft->width == RANK_BYTES
                      ? UINT8_MAX + 1
                      : rank_level_offset(draft->width, levels); /* where the next would begin */

    slot->feature = draft->feature;
    slot->table = rank_table_new(builder, size, UINT8_MAX);
    if (slot->table == UINT32_MAX)
        return -ENOMEM;
    if (draft->width == RANK_BYTES)
        fill_bytes(builder->plan->tables + slot->table, draft);
    else
        fill_search(builder->plan->tables + slot->table, draft, levels);
    return 0;
}

static uint32_t most_together(enum rank_width width)
{
    return width == RANK_BYTES   ? 1
           : width == RANK_WORDS ? RANK_WORDS_TOGETHER
                                 : RANK_DWORDS_TOGETHER;
}

/* Cuts the slots of one width into chunks of about the same size. */
static int make_chunks(struct rank_builder *builder, struct rank_group *group,
                       const struct draft *drafts, uint32_t first, uint32_t count)
{
    uint32_t most = most_together(drafts[first].width);
    uint32_t chunks = (count + most - 1) / most;

    for (uint32_t i = 0; i < chunks; i++) {
        uint32_t begin = first + count * i / chunks;
        uint32_t end = first + count * (i + 1) / chunks;
        uint32_t levels = 1;

        while ((1u << levels) - 1 < drafts[end - 1].count)
            levels++;
        group->chunks[group->chunk_count++] =
            (struct rank_chunk){.width = (uint8_t)drafts[first].width,
                                .first = (uint8_t)begin,
                                .count = (uint8_t)(end - begin),
                                .levels = (uint8_t)levels};
        for (uint32_t s = begin; s < end; s++) {
            if (make_slot(builder, &group->slots[s], &drafts[s], levels))
                return -ENOMEM;
        }
    }
    return 0;
}

int rank_slots_make(struct rank_builder *builder, struct rank_group *group,
                    const struct thresholds *thresholds, uint8_t places[FEATURES_MAX][RANK_SLOTS])
{
    struct draft drafts[RANK_SLOTS];
    uint32_t begin = 0;

    group->slot_count = draft_slots(drafts, thresholds);
    for (uint32_t s = 0; s < group->slot_count; s++) {
        places[drafts[s].feature][drafts[s].part] = (uint8_t)s;
        if (s + 1 < group->slot_count && drafts[s + 1].width == drafts[s].width)
            continue;
        if (make_chunks(builder, group, drafts, begin, s + 1 - begin))
            return -ENOMEM;
        begin = s + 1;
    }
    return 0;
}
