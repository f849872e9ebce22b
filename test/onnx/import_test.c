// SPDX-License-Identifier: BSD-2-Clause
#include "import.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "onnx_writer.h"

/* A file with one node and up to two properties (NULL: without). */
static struct onnx *with_properties(const char *features, const char *classes)
{
    struct buffer model = {0}, graph = {0}, node = node_begin("n", "Relu", "x", "y");
    struct onnx *onnx = NULL;

    put_message(&graph, GRAPH_NODE, &node);
    put_message(&model, MODEL_GRAPH, &graph);
    if (features)
        model_metadata(&model, "afxdp.features", features);
    if (classes)
        model_metadata(&model, "afxdp.classes", classes);
    assert_int_equal(onnx_decode(&onnx, model.bytes, model.size, NULL), 0);
    buffer_free(&model);
    return onnx;
}

static void classes_refused(const char *features, const char *classes, const char *list,
                            const char *why)
{
    struct import import = {.onnx = with_properties(features, classes)};
    struct error error = {""};

    assert_int_equal(import_classes(&import, list, &error), -EINVAL);
    if (!strstr(error.text, why))
        fail_msg("'%s' lacks '%s'", error.text, why);
    onnx_free((struct onnx *)(uintptr_t)import.onnx);
}

static uint32_t set_of(const char *property, int64_t width)
{
    struct buffer model = {0}, graph = {0}, node = node_begin("n", "Relu", "x", "y");
    struct onnx *onnx = NULL;
    uint32_t feature_set = 7;

    put_message(&graph, GRAPH_NODE, &node);
    graph_value(&graph, GRAPH_INPUT, "x", width);
    put_message(&model, MODEL_GRAPH, &graph);
    if (property)
        model_metadata(&model, "afxdp.features", property);
    assert_int_equal(onnx_decode(&onnx, model.bytes, model.size, NULL), 0);
    assert_int_equal(import_feature_set(&feature_set, onnx, NULL), 0);
    onnx_free(onnx);
    buffer_free(&model);
    return feature_set;
}

static void takes_the_feature_set_from_the_property_or_the_input(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"3", "feature set '3'"},
        {"", "feature set ''"},
        {"12", "feature set '12'"},
        {"1\n\x1b[2J", "feature set '1??[2J'"}, /* stays one line */
    };

    assert_int_equal(set_of(NULL, 12), FEATURE_SET_1);
    assert_int_equal(set_of(NULL, 28), FEATURE_SET_2);
    assert_int_equal(set_of(NULL, 13), FEATURE_SET_1); /* refused by the importers */
    assert_int_equal(set_of("1", 28), FEATURE_SET_1);
    assert_int_equal(set_of("2", 12), FEATURE_SET_2);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct onnx *onnx = with_properties(bad[i][0], NULL);
        struct error error = {""};
        uint32_t feature_set = 7;

        assert_int_equal(import_feature_set(&feature_set, onnx, &error), -EINVAL);
        assert_int_equal(feature_set, 7);
        if (!strstr(error.text, bad[i][1]))
            fail_msg("'%s' lacks '%s'", error.text, bad[i][1]);
        onnx_free(onnx);
    }
}

static void takes_classes_from_the_list_or_the_property(void **state)
{
    (void)state;
    struct import import = {.onnx = with_properties("1", "[\"benign\", \"flood\"]")};

    assert_int_equal(import_classes(&import, NULL, NULL), 0);
    assert_int_equal(import.class_count, 2);
    assert_string_equal(import.classes[1].name, "flood");
    assert_int_equal(import.classes[1].action, ACTION_COUNT);
    assert_int_equal(import_classes(&import, "a,bb,c", NULL), 0);
    assert_int_equal(import.class_count, 3);
    assert_string_equal(import.classes[1].name, "bb");
    onnx_free((struct onnx *)(uintptr_t)import.onnx);
}

static void refuses_classes_that_cannot_be(void **state)
{
    (void)state;
    classes_refused(NULL, NULL, NULL, "give --classes");
    classes_refused(NULL, "{\"a\": 1}", NULL, "isn't a JSON array");
    classes_refused(NULL, "[\"a\", 7]", NULL, "entry 1 isn't text");
    classes_refused(NULL, "[\"a\"]", NULL, "at least 2");
    classes_refused(NULL, NULL, "a,,b", "class 1");
    classes_refused(NULL, NULL, "a,0123456789012345678901234567890", "class 1");
    classes_refused("1", "[\"a", NULL, "isn't a JSON array");
    classes_refused(NULL, "[\"a\", \"Flood!\"]", NULL, "class 1 has an invalid name");
    classes_refused(NULL, NULL, "a,unsure", "'unsure' is reserved");
    classes_refused(NULL, NULL, "a,b,a", "'a' stands there twice");
}

/* The non-decreasing fit closest in squares, by its other formula: the largest over starts of the
 * smallest over ends of a run's mean. Empty steps don't count. */
static double best_fit_at(const double *right, const double *count, int step)
{
    double largest = -1;

    for (int from = 0; from <= step; from++) {
        double sum_right = 0, sum_count = 0, smallest = 2;

        for (int to = from; to < CONFIDENCE_STEPS; to++) {
            sum_right += right[to];
            sum_count += count[to];
            if (to >= step && sum_count > 0 && sum_right / sum_count < smallest)
                smallest = sum_right / sum_count;
        }
        if (smallest <= 1 && smallest > largest)
            largest = smallest;
    }
    return largest;
}

static void fits_the_closest_non_decreasing_table(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    static uint32_t margins[ROWS];
    static bool right[ROWS];
    struct confidence_table table;
    double sum_right[CONFIDENCE_STEPS] = {0}, sum_count[CONFIDENCE_STEPS] = {0};
    size_t last = 0;

    srand(5);
    for (int i = 0; i < ROWS; i++) {
        margins[i] = (uint32_t)(rand() % 70) * (uint32_t)(rand() % 70) * 3;
        right[i] = rand() % 15000 < 7000 + (int)margins[i];
    }
    import_fit_confidence(&table, margins, right, ROWS);
    for (int i = 0; i < ROWS; i++) {
        uint32_t step = margins[i] >> table.shift;

        step = step < 255 ? step : 255;
        sum_right[step] += right[i];
        sum_count[step]++;
        last += step == 255;
    }
    assert_true(last * 10 <= ROWS);
    for (int step = 0; step < CONFIDENCE_STEPS; step++) {
        assert_true(step == 0 || table.step[step] >= table.step[step - 1]);
        if (sum_count[step] > 0)
            assert_int_equal(table.step[step],
                             (int)floor(best_fit_at(sum_right, sum_count, step) * 1000 + 0.5));
        else if (step > 0)
            assert_int_equal(table.step[step], table.step[step - 1]);
    }
}

static void fits_tables_of_one_answer_and_of_huge_margins(void **state)
{
    (void)state;
    struct confidence_table table;

    import_fit_confidence(&table, (uint32_t[]){9}, (bool[]){true}, 1);
    assert_int_equal(table.step[0], 1000);
    assert_int_equal(table.step[255], 1000);
    import_fit_confidence(&table, (uint32_t[]){UINT32_MAX, 0}, (bool[]){true, false}, 2);
    assert_int_equal(table.step[0], 0);
    assert_int_equal(table.step[255], 1000);
    assert_in_range(table.shift, 24, 31);
}

/* Class 1 where the first feature is at least 100; the margin is the distance. */
static void threshold_score(const void *model, const uint32_t *features, struct import_score *score)
{
    (void)model;
    int32_t value = (int32_t)(features[0] > 1000 ? 1000 : features[0]);

    *score = value >= 100 ? (struct import_score){1, value - 100, 0}
                          : (struct import_score){0, 100 - value, 0};
}

static void finishes_a_file_that_reads_back(void **state)
{
    (void)state;
    enum { ROWS = 500 };
    static uint32_t features[ROWS][FEATURES_1];
    static int16_t labels[ROWS];
    struct import import = {
        .feature_set = FEATURE_SET_1, .features = features[0], .labels = labels, .rows = ROWS};
    struct import_report report = {0};
    struct q8 *file = NULL, *again = NULL;
    uint8_t *bytes;
    size_t size;
    bool has_largest = false, has_everything = false;

    import.onnx = with_properties(NULL, NULL);
    assert_int_equal(import_classes(&import, "low,high", NULL), 0);
    for (int i = 0; i < ROWS; i++) {
        features[i][0] = (uint32_t)i % 200;
        features[i][7] = i == 333 ? 77777 : 5;
        labels[i] = (int16_t)(i % 10 == 0 ? -1 : i % 200 >= 110);
    }
    assert_int_equal(import_finish(&file, Q8_DT, &import, threshold_score, NULL,
                                   (const uint8_t *)"payload", 7, &report, NULL),
                     0);
    assert_int_equal(report.rows, 500);
    assert_int_equal(report.labelled, 450);
    assert_int_equal(report.right, 450 - 18); /* values 101..109, twice each */
    for (uint32_t i = 0; i < file->golden_count; i++) {
        has_largest |= file->golden[i].features[7] == 77777;
        has_everything |= file->golden[i].features[11] == UINT32_MAX;
    }
    assert_true(has_largest && has_everything);
    assert_true(file->confidence.step[0] < file->confidence.step[255]);
    assert_int_equal(q8_encode(file, &bytes, &size, NULL), 0);
    assert_int_equal(q8_decode(&again, bytes, size, NULL), 0);
    assert_memory_equal(again->payload, "payload", 7);
    q8_free(again);
    q8_free(file);
    free(bytes);

    memset(labels, 0xff, sizeof(labels));
    file = NULL;
    assert_int_equal(import_finish(&file, Q8_DT, &import, threshold_score, NULL,
                                   (const uint8_t *)"payload", 7, &report, NULL),
                     -EINVAL);
    assert_null(file);
    onnx_free((struct onnx *)(uintptr_t)import.onnx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_feature_set_from_the_property_or_the_input),
        cmocka_unit_test(takes_classes_from_the_list_or_the_property),
        cmocka_unit_test(refuses_classes_that_cannot_be),
        cmocka_unit_test(fits_the_closest_non_decreasing_table),
        cmocka_unit_test(fits_tables_of_one_answer_and_of_huge_margins),
        cmocka_unit_test(finishes_a_file_that_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
