// SPDX-License-Identifier: BSD-2-Clause
/* AVX-512 VBMI: 64 packets at once. Fewer than pay for that are left to interleaving. */
#include "dt_vbmi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "dt_sums.h"
#include "dt_variant.h"

_Static_assert((int)RANK_TREES_MOST <= (int)DT_TREES_TOGETHER, "a group's rows have room");

enum {
    LEAST_TREE = 32, /* packets from which on 64 are cheaper than interleaving */
    LEAST_FOREST = 24,
};

struct plan {
    const struct dt_model *model;
    struct rank_plan *ranks;
    void *few;              /* interleaving's plan */
    size_t least;           /* packets that pay for 64 */
    dt_vector *vectors;     /* a forest: rows of scores */
    struct verdict *by_row; /* a single tree with too many different verdicts to number them */
    struct vbmi_verdicts numbered;
};

/* Verdicts of 16 packets whose sums stand `stride` apart; dt_verdict_quick for all of them. */
ALWAYS_INLINE void verdicts_of_16(const struct dt_shape *shape, const int32_t *sums,
                                  uint32_t stride, struct verdict *verdicts)
{
    __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i offset = _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int32_t)stride));
    __m512i best = _mm512_i32gather_epi32(offset, sums, 4);
    __m512i second = _mm512_set1_epi32(INT32_MIN);
    __m512i class = _mm512_setzero_si512();

    for (uint32_t i = 1; i < shape->class_count; i++) {
        __m512i score = _mm512_i32gather_epi32(offset, sums + i, 4);

        class = _mm512_mask_mov_epi32(class, _mm512_cmpgt_epi32_mask(score, best),
                                      _mm512_set1_epi32((int32_t)i));
        second = _mm512_max_epi32(second, _mm512_min_epi32(score, best));
        best = _mm512_max_epi32(score, best);
    }
    __m512i margin = _mm512_srl_epi32(_mm512_sub_epi32(best, second),
                                      _mm_cvtsi32_si128((int32_t)shape->confidence.shift));
    __m512i step = _mm512_min_epu32(margin, _mm512_set1_epi32(CONFIDENCE_STEPS - 1));
    uint32_t steps[16];
    uint32_t classes[16];

    _mm512_storeu_si512(steps, step);
    _mm512_storeu_si512(classes, class);
    for (int i = 0; i < 16; i++)
        verdicts[i] = (struct verdict){(uint16_t)classes[i], shape->confidence.step[steps[i]]};
}

/* What 64 packets have come to: rows of the trees that aren't added up yet, and the sums of the
 * others, dt_vectors_per_row vectors of each packet. */
struct tally {
    uint32_t rows[DT_TREES_TOGETHER][LANES];
    uint32_t tree_count; /* of the rows */
    dt_vector sums[LANES * DT_VECTORS_MAX] __attribute__((aligned(64)));
};

static void add_up(const struct plan *plan, struct tally *tally)
{
    uint32_t per_row = dt_vectors_per_row(plan->model);

    for (uint32_t i = 0; i < LANES; i++)
        dt_sum_rows(tally->sums + i * per_row, plan->vectors, per_row, &tally->rows[0][i], LANES,
                    tally->tree_count);
    tally->tree_count = 0;
}

static void verdicts_of(const struct plan *plan, const struct tally *tally,
                        struct verdict *verdicts)
{
    uint32_t per_row = dt_vectors_per_row(plan->model);

    for (uint32_t i = 0; i < LANES; i += 16)
        verdicts_of_16(&plan->model->shape, (const int32_t *)(tally->sums + i * per_row),
                       4 * per_row, verdicts + i);
}

/* A group's trees, one after the other; where each packet ends in the tally's rows. */
static void walk_group(const struct plan *plan, const struct rank_group *group,
                       const uint32_t *features, const struct ranks *ranks, struct tally *tally)
{
    uint16_t places[LANES];
    uint32_t t = group->first_tree;

    do { /* there is at least one */
        const struct rank_tree *tree = &plan->ranks->trees[t];
        const uint32_t *ends = (const uint32_t *)(const void *)(plan->ranks->tables + tree->ends);
        uint32_t *rows = tally->rows[tally->tree_count++];

        vbmi_walk_of(group, tree)(plan->ranks->tables, tree, ranks, places, NULL, NULL);
        for (int i = 0; i < LANES; i++)
            rows[i] = ends[places[i]];
        if (tree->rest > 0)
            dt_interleaved_go_on(plan->few, features, LANES, tree->rest, rows);
    } while (++t < group->first_tree + group->tree_count);
}

/* Forests, and single trees whose verdicts aren't numbered. */
static void classify_by_rows(const struct plan *plan, const uint32_t *features,
                             const struct columns *columns, struct verdict *verdicts)
{
    struct tally tally;
    struct ranks ranks;
    uint32_t g = 0;

    tally.tree_count = 0;
    if (plan->vectors)
        memset(tally.sums, 0,
               (size_t)LANES * dt_vectors_per_row(plan->model) * sizeof(*tally.sums));
    do { /* there is at least one */
        const struct rank_group *group = &plan->ranks->groups[g];

        if (tally.tree_count + group->tree_count > DT_TREES_TOGETHER)
            add_up(plan, &tally);
        vbmi_rank(columns, plan->ranks, group, &ranks);
        walk_group(plan, group, features, &ranks, &tally);
    } while (++g < plan->ranks->group_count);
    if (plan->vectors) {
        add_up(plan, &tally);
        verdicts_of(plan, &tally, verdicts);
    } else if (plan->ranks->trees[0].rest > 0) {
        memcpy(verdicts, tally.rows[0], LANES * sizeof(*verdicts));
    } else {
        for (int i = 0; i < LANES; i++)
            verdicts[i] = plan->by_row[tally.rows[0][i]];
    }
}

static void classify_64(const struct plan *plan, const uint32_t *features, struct verdict *verdicts)
{
    const struct rank_group *group = &plan->ranks->groups[0];
    const struct rank_tree *tree = &plan->ranks->trees[0];
    struct columns columns;
    struct ranks ranks;

    vbmi_columns(features, plan->model->shape.feature_set, &columns);
    if (!plan->numbered.numbers) {
        classify_by_rows(plan, features, &columns, verdicts);
        return;
    }
    vbmi_rank(&columns, plan->ranks, group, &ranks);
    vbmi_walk_of(group, tree)(plan->ranks->tables, tree, &ranks, NULL, &plan->numbered, verdicts);
}

ALWAYS_INLINE void classify(const void *model, const uint32_t *features, size_t count,
                            struct verdict *verdicts, uint32_t width)
{
    const struct plan *plan = model;
    size_t i = 0;

    for (; i + LANES <= count; i += LANES)
        classify_64(plan, features + i * width, verdicts + i);
    if (count - i >= plan->least) {
        uint32_t rest[LANES * FEATURES_MAX];
        struct verdict found[LANES];

        size_t values = (count - i) * width;

        memcpy(rest, features + i * width, values * sizeof(*rest));
        memset(rest + values, 0, (LANES * width - values) * sizeof(*rest));
        classify_64(plan, rest, found);
        memcpy(verdicts + i, found, (count - i) * sizeof(*found));
    } else if (i < count) {
        (width == FEATURES_1 ? dt_variant_interleaved.classify_1
                             : dt_variant_interleaved.classify_2)(plan->few, features + i * width,
                                                                  count - i, verdicts + i);
    }
}

static void vbmi_release(void *memory)
{
    struct plan *plan = memory;

    if (!plan)
        return;
    if (plan->few)
        dt_variant_interleaved.release(plan->few);
    rank_plan_free(plan->ranks);
    free(plan->numbered.numbers);
    free(plan->vectors);
    free(plan->by_row);
    free(plan);
}

/* Numbers the different verdicts; false where they are too many. */
static bool number_verdicts(struct plan *plan, const struct rank_tree *tree)
{
    const uint32_t *ends = (const uint32_t *)(const void *)(plan->ranks->tables + tree->ends);
    uint32_t numbered = 0;

    for (uint32_t end = 0; end < 1u << tree->levels; end++) {
        struct verdict verdict = plan->by_row[ends[end]];
        uint8_t bytes[3] = {(uint8_t)verdict.class_index, (uint8_t)(verdict.confidence & 0xff),
                            (uint8_t)(verdict.confidence >> 8)};
        uint32_t number = 0;

        while (number < numbered && (plan->numbered.bytes[0][number] != bytes[0] ||
                                     plan->numbered.bytes[1][number] != bytes[1] ||
                                     plan->numbered.bytes[2][number] != bytes[2]))
            number++;
        if (number == VBMI_VERDICTS)
            return false;
        if (number == numbered) {
            for (int i = 0; i < 3; i++)
                plan->numbered.bytes[i][number] = bytes[i];
            numbered++;
        }
        plan->numbered.numbers[end] = (uint8_t)number;
    }
    return true;
}

static int prepare_single(struct plan *plan)
{
    const struct dt_model *model = plan->model;
    const struct rank_tree *tree = &plan->ranks->trees[0];

    if (tree->rest > 0)
        return 0; /* interleaving ends with verdicts */
    plan->by_row = calloc(model->row_count, sizeof(*plan->by_row));
    plan->numbered.numbers = aligned_alloc(64, rank_level_size(tree->levels));
    if (!plan->by_row || !plan->numbered.numbers)
        return -ENOMEM;
    memset(plan->numbered.numbers, 0, rank_level_size(tree->levels));
    for (uint32_t row = 0; row < model->row_count; row++)
        plan->by_row[row] = dt_leaf_verdict(model, row);
    if (number_verdicts(plan, tree)) {
        free(plan->by_row);
        plan->by_row = NULL;
    } else {
        free(plan->numbered.numbers);
        plan->numbered.numbers = NULL;
    }
    return 0;
}

static int prepare_forest(struct plan *plan)
{
    size_t vectors = (size_t)plan->model->row_count * dt_vectors_per_row(plan->model);

    plan->vectors = aligned_alloc(64, (vectors * sizeof(dt_vector) + 63) / 64 * 64);
    if (!plan->vectors)
        return -ENOMEM;
    dt_vectors_fill(plan->vectors, plan->model);
    return 0;
}

static int vbmi_prepare(void **out, const struct dt_model *model)
{
    struct plan *plan = aligned_alloc(64, sizeof(*plan));
    int err;

    if (!plan)
        return -ENOMEM;
    memset(plan, 0, sizeof(*plan));
    plan->model = model;
    plan->least = model->shape.tree_count == 1 ? LEAST_TREE : LEAST_FOREST;
    err = rank_plan_new(&plan->ranks, model);
    if (!err)
        err = dt_variant_interleaved.prepare(&plan->few, model);
    if (!err)
        err = model->shape.tree_count == 1 ? prepare_single(plan) : prepare_forest(plan);
    if (err) {
        vbmi_release(plan);
        return err;
    }
    *out = plan;
    return 0;
}

DT_VARIANT(dt_variant_vbmi, "avx512vbmi", CPU_AVX512_VBMI, vbmi_prepare, vbmi_release);
