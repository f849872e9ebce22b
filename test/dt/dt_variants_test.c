// SPDX-License-Identifier: BSD-2-Clause
/* Every variant under every set of CPU levels gives what a plain walk gives, for random trees and
 * rows, and a batch of N gives what N batches of one give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu.h"
#include "dt.h"
#include "dt_random.h"

enum { ROWS = 200, SECONDS = 2, VARIANTS_MOST = 8 };

static uint32_t rows[ROWS * FEATURES_MAX];
static struct verdict expected[ROWS];
static struct verdict got[ROWS + 1];

static uint32_t width_of(const struct random_model *model)
{
    return feature_count(model->draft.feature_set);
}

static void fail_row(const struct random_model *model, const struct classifier *classifier,
                     size_t at, size_t count)
{
    fprintf(stderr, "%s: row %zu of a batch of %zu: class %u confidence %u, expected %u and %u\n",
            classifier->variant, at, count, got[at].class_index, got[at].confidence,
            expected[at].class_index, expected[at].confidence);
    fprintf(stderr, "%u trees, %u nodes, %u classes; the row:", model->draft.tree_count,
            model->draft.node_count, model->draft.class_count);
    for (uint32_t i = 0; i < width_of(model); i++)
        fprintf(stderr, " %u", rows[at * width_of(model) + i]);
    fprintf(stderr, "\n");
    fail();
}

/* `from` moves the batch in memory, so that no alignment is taken for granted. */
static void check_batch(const struct random_model *model, const struct classifier *classifier,
                        size_t from, size_t count)
{
    memset(got, 0xee, sizeof(got));
    classifier->classify(classifier->model, rows + from * width_of(model), count, got + from);
    for (size_t i = from; i < from + count; i++) {
        if (memcmp(&got[i], &expected[i], sizeof(got[i])) != 0)
            fail_row(model, classifier, i, count);
    }
    for (size_t i = 0; i <= ROWS; i++) { /* and nothing else was written */
        if (i >= from && i < from + count)
            continue;
        assert_int_equal(got[i].class_index, 0xeeee);
    }
}

static void check_variant(const struct random_model *model, const struct classifier *classifier,
                          struct dt_random *random)
{
    check_batch(model, classifier, 0, ROWS);
    for (int i = 0; i < 6; i++) {
        size_t count = random_below(random, ROWS + 1);
        check_batch(model, classifier, random_below(random, ROWS - (uint32_t)count + 1), count);
    }
    check_batch(model, classifier, random_below(random, ROWS), 1);
    check_batch(model, classifier, 0, 0);
}

/* Counts the runs of each variant. */
static void check_model(const struct random_model *model, uint32_t levels, uint32_t *runs,
                        struct dt_random *random)
{
    struct classifier *classifier = NULL;
    struct dt_model *flat = NULL;
    struct error error = {.text = ""};

    if (dt_model_load(&flat, &model->file, &error))
        fail_msg("%s", error.text);
    for (size_t i = 0; i < dt_variant_count(); i++) {
        if (!dt_variant_offered(i, levels))
            continue;
        assert_int_equal(dt_variant_new(&classifier, i, flat, &error), 0);
        assert_string_equal(classifier->variant, dt_variant_name(i));
        check_variant(model, classifier, random);
        classifier->destroy(classifier);
        runs[i]++;
    }
    dt_model_free(flat);
    if (dt_classifier_new(&classifier, &model->file, levels, &error))
        fail_msg("%s", error.text);
    check_variant(model, classifier, random);
    classifier->destroy(classifier);
}

/* Complete trees of every depth, chains, trees and forests with many thresholds or verdicts, then
 * whatever chance brings. */
enum {
    SPECIAL = 18,
    COMPLETE_MOST = 16, /* levels of a complete tree */
};

static struct random_shape shape_of(uint32_t round, struct dt_random *random)
{
    static const struct random_shape special[] = {
        {.tree_count = 1, .depth = 12, .class_count = 7, .feature_count = 7, .fine_scores = true},
        {.tree_count = 1, .depth = 11, .class_count = 3, .feature_count = 7},
        {.tree_count = 1, .depth = 10, .class_count = 9, .feature_count = 2, .fine_scores = true},
        {.tree_count = 1, .depth = 10, .class_count = 5, .feature_count = 1},
        {.tree_count = 1, .depth = 12, .class_count = 5, .feature_count = 12},
        {.tree_count = 30, .depth = 8, .class_count = 5, .feature_count = 12, .fine_scores = true},
        {.tree_count = 64, .depth = 6, .class_count = 13, .feature_count = 12},
        {.tree_count = 12, .depth = 10, .class_count = 64, .feature_count = 9},
        {.tree_count = 64, .depth = 4, .class_count = 3, .feature_count = 12},
        {.tree_count = 4, .depth = 12, .class_count = 6, .feature_count = 9, .leaf_percent = 15},
        {FEATURE_SET_2, .tree_count = 1, .depth = 12, .class_count = 5, .feature_count = 28},
        {FEATURE_SET_2, .tree_count = 1, .depth = 10, .class_count = 9, .feature_count = 18},
        {FEATURE_SET_2, .tree_count = 64, .depth = 6, .class_count = 5, .feature_count = 28},
        {.tree_count = 1024, .depth = 3, .class_count = 5, .feature_count = 12},
        {FEATURE_SET_2, .tree_count = 200, .depth = 6, .class_count = 5, .feature_count = 28},
        {FEATURE_SET_2, .tree_count = 12, .depth = 9, .class_count = 64, .feature_count = 21},
        {.tree_count = 1,
         .depth = DT_DEPTH_MAX,
         .class_count = 5,
         .feature_count = 12,
         .leaf_percent = 30},
        {.tree_count = 20,
         .depth = DT_DEPTH_MAX,
         .class_count = 5,
         .feature_count = 12,
         .leaf_percent = 35},
    };

    _Static_assert(sizeof(special) / sizeof(special[0]) == SPECIAL, "as many");
    if (round < SPECIAL)
        return special[round];
    round -= SPECIAL;
    if (round <= COMPLETE_MOST)
        return (struct random_shape){
            .tree_count = 1, .depth = round, .class_count = 5, .feature_count = FEATURES_1};
    round -= COMPLETE_MOST;
    if (round <= DT_DEPTH_MAX)
        return (struct random_shape){
            .tree_count = 1, .depth = round, .class_count = 2, .feature_count = 3, .chain = true};
    return random_shape(random);
}

static void test_variants(void **state)
{
    struct dt_random random = random_start();
    uint32_t offered = cpu_levels();
    uint32_t models = 0;
    uint32_t runs[VARIANTS_MOST] = {0};
    time_t end = time(NULL) + SECONDS;

    (void)state;
    assert_true(dt_variant_count() <= VARIANTS_MOST);
    for (; models < SPECIAL + COMPLETE_MOST + DT_DEPTH_MAX + 8 || time(NULL) < end; models++) {
        struct random_shape shape = shape_of(models, &random);
        struct random_model model;

        random_model_make(&model, &shape, &random);
        for (int i = 0; i < ROWS; i++) {
            uint32_t *row = rows + (uint32_t)i * width_of(&model);

            random_row(row, &model, &random);
            expected[i] = plain_verdict(&model, row);
        }
        check_model(&model, offered, runs, &random);
        check_model(&model, 0, runs, &random);
        for (uint32_t level = 1; level < CPU_ALL; level <<= 1) {
            if (offered & level)
                check_model(&model, offered & ~level, runs, &random);
        }
        random_model_free(&model);
    }
    printf("%u models, CPU levels 0x%x\n", models, offered);
    for (size_t i = 0; i < dt_variant_count(); i++) {
        printf("%s: %u runs\n", dt_variant_name(i), runs[i]);
        assert_true(runs[i] > 0 || !dt_variant_offered(i, offered));
    }
}

/* All that a confidence or a sum can be. */
static void test_extremes(void **state)
{
    int32_t scores[] = {INT32_MAX, -INT32_MAX, -INT32_MAX, INT32_MAX, 7, 7};
    struct dt_draft_node nodes[] = {
        {.feature = FEATURE_INTERVAL, .threshold = 0, .left = 1, .right = 2},
        {.is_leaf = true, .row = 0},
        {.feature = FEATURE_INTERVAL, .threshold = UINT32_MAX - 1, .left = 3, .right = 4},
        {.is_leaf = true, .row = 1},
        {.is_leaf = true, .row = 2},
    };
    struct random_model model = {
        .draft = {.class_count = 2,
                  .tree_count = 1,
                  .nodes = nodes,
                  .node_count = 5,
                  .scores = scores,
                  .row_count = 3},
        .nodes = nodes,
        .scores = scores,
    };
    const struct {
        uint32_t interval, class_index;
    } cases[] = {{0, 0}, {1, 1}, {UINT32_MAX - 1, 1}, {UINT32_MAX, 0}};
    struct dt_random random = random_start();
    uint32_t runs[VARIANTS_MOST] = {0};

    (void)state;
    random_model_finish(&model, &random);
    for (int i = 0; i < ROWS; i++) {
        uint32_t *row = rows + (uint32_t)i * FEATURES_1;

        memset(row, 0xff, FEATURES_1 * sizeof(*row));
        row[FEATURE_INTERVAL] = cases[i % 4].interval;
        expected[i] = plain_verdict(&model, row);
        assert_int_equal(expected[i].class_index, cases[i % 4].class_index);
    }
    check_model(&model, cpu_levels(), runs, &random);
    check_model(&model, 0, runs, &random);
    free(model.payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
