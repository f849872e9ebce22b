// SPDX-License-Identifier: BSD-2-Clause
/* Tree ensembles as other programs may write them: what they mean, exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dt.h"
#include "dt_random.h"
#include "dt_spec.h"

static struct classifier *classifier_of(const struct spec *spec)
{
    struct classifier *classifier = NULL;
    struct error error = {""};
    struct q8 *file = NULL;

    if (spec_import(&file, spec, &error) || dt_classifier_new(&classifier, file, 0, &error))
        fail_msg("%s", error.text);
    q8_free(file);
    return classifier;
}

static uint32_t class_of(const struct classifier *classifier, uint32_t feature, uint32_t value)
{
    uint32_t features[FEATURES_MAX] = {0};
    struct verdict verdict;

    features[feature] = value;
    classifier->classify(classifier->model, features, 1, &verdict);
    return verdict.class_index;
}

/* The operator's own question, in the arithmetic of the file. */
static bool answer(const char *mode, uint32_t value, float threshold)
{
    float x = (float)value;

    return strcmp(mode, "BRANCH_LEQ") == 0   ? x <= threshold
           : strcmp(mode, "BRANCH_LT") == 0  ? x < threshold
           : strcmp(mode, "BRANCH_GTE") == 0 ? x >= threshold
                                             : x > threshold;
}

static void check_threshold(const char *mode, float threshold)
{
    struct spec spec = spec_stump(mode, FEATURE_INTERVAL, threshold);
    struct classifier *classifier = classifier_of(&spec);
    double middle = threshold > 0 ? fmin(threshold, UINT32_MAX) : 0;

    for (int64_t distance = -600; distance <= 600; distance++) {
        int64_t value = (int64_t)middle + distance;

        if (value < 0 || value > UINT32_MAX)
            value = (int64_t)((uint64_t)value & UINT32_MAX);
        uint32_t got = class_of(classifier, FEATURE_INTERVAL, (uint32_t)value);
        if ((got == 0) != answer(mode, (uint32_t)value, threshold))
            fail_msg("%s %.9g: %lld gives class %u", mode, (double)threshold, (long long)value,
                     got);
    }
    assert_int_equal(class_of(classifier, FEATURE_INTERVAL, 0) == 0, answer(mode, 0, threshold));
    assert_int_equal(class_of(classifier, FEATURE_INTERVAL, UINT32_MAX) == 0,
                     answer(mode, UINT32_MAX, threshold));
    classifier->destroy(classifier);
}

static void takes_thresholds_exactly(void **state)
{
    static const char *const modes[] = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"};
    static const float thresholds[] = {0.0F,         -0.0F,        1e-45F,       -1e-45F,
                                       0.5F,         1.0F,         254.5F,       -7.0F,
                                       16777215.0F,  16777216.0F,  16777218.0F,  2147483648.0F,
                                       4294967040.F, 4294967296.F, 4294967808.F, 1e30F,
                                       INFINITY,     -INFINITY,    -1e30F,       134217736.0F};
    struct dt_random random = random_start();

    (void)state;
    for (size_t mode = 0; mode < 4; mode++) {
        for (size_t i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++)
            check_threshold(modes[mode], thresholds[i]);
        for (int i = 0; i < 60; i++) {
            float value = (float)(random_u32(&random) >> random_below(&random, 32));
            check_threshold(modes[mode], random_below(&random, 2) ? value : nextafterf(value, 0));
        }
    }
}

/* Branches that go one way for every integer cost no depth: 25 levels may shrink to 24. */
static void leaves_out_what_decides_nothing(void **state)
{
    struct spec spec = {.classes = "[\"a\", \"b\"]", .width = FEATURES_1};

    (void)state;
    for (int64_t i = 0; i < 25; i++) {
        float value = i == 3 ? -1 : (float)(100 - i);
        spec_node(&spec, 0, 2 * i, "BRANCH_LEQ", 3, value, 2 * i + (i == 3 ? 1 : 2),
                  2 * i + (i == 3 ? 2 : 1));
        spec_node(&spec, 0, 2 * i + 1, "LEAF", 0, 0, 0, 0);
        spec_weight(&spec, 0, 2 * i + 1, 0, 1);
    }
    spec_node(&spec, 0, 50, "LEAF", 0, 0, 0, 0);
    spec_weight(&spec, 0, 50, 1, 1);
    struct classifier *classifier = classifier_of(&spec);
    assert_int_equal(class_of(classifier, 3, 76), 1);
    assert_int_equal(class_of(classifier, 3, 77), 0);
    classifier->destroy(classifier);
}

/* Weights of one class of two: a probability above a half, or a margin above zero. */
static void understands_one_sided_weights(void **state)
{
    const struct {
        float low, high, base;
        const char *post_transform;
        uint32_t low_class, high_class;
    } cases[] = {
        {0.4F, 0.6F, 0, NULL, 0, 1},           {0.5F, 0.51F, 0, NULL, 0, 1},
        {-0.1F, 0.1F, 0, NULL, 0, 1},          {0.0F, 0.1F, 0, "LOGISTIC", 0, 1},
        {0.2F, 0.9F, -0.5F, "LOGISTIC", 0, 1}, {0.1F, 0.3F, 0.3F, NULL, 0, 1},
        {0.3F, 0.4F, 0, "LOGISTIC", 1, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int64_t number = 0; number < 2; number++) {
            struct spec spec = spec_stump("BRANCH_LT", 1, 7);

            spec.weight[0] = cases[i].low;
            spec.weight[1] = cases[i].high;
            spec.weight_class[0] = spec.weight_class[1] = number;
            spec.post_transform = cases[i].post_transform;
            spec.base_count = cases[i].base != 0;
            spec.base[0] = cases[i].base;
            struct classifier *classifier = classifier_of(&spec);
            assert_int_equal(class_of(classifier, 1, 6), cases[i].low_class);
            assert_int_equal(class_of(classifier, 1, 7), cases[i].high_class);
            classifier->destroy(classifier);
        }
    }
}

/* The largest sum wins, over several trees, base values included, the lowest class on ties. */
static void adds_up_trees(void **state)
{
    struct spec spec = spec_stump("BRANCH_LEQ", 0, 10);
    struct classifier *classifier;

    (void)state;
    spec.classes = "[\"a\", \"b\", \"c\"]";
    spec_node(&spec, 9, 5, "BRANCH_GT", 0, 20, 1, 2);
    spec_node(&spec, 9, 1, "LEAF", 0, 0, 0, 0);
    spec_node(&spec, 9, 2, "LEAF", 0, 0, 0, 0);
    spec_weight(&spec, 9, 1, 2, 0.75F);
    spec_weight(&spec, 9, 1, 2, 0.5F); /* weights of a leaf and class add up */
    spec_weight(&spec, 9, 2, 0, 0.25F);
    spec.base_count = 3;
    spec.base[0] = 0.75F; /* <= 10: a 2; <= 20: a 1, b 1; above: a 0.75, b 1, c 1.25 */
    classifier = classifier_of(&spec);
    assert_int_equal(class_of(classifier, 0, 10), 0);
    assert_int_equal(class_of(classifier, 0, 11), 0);
    assert_int_equal(class_of(classifier, 0, 20), 0);
    assert_int_equal(class_of(classifier, 0, 21), 2);
    classifier->destroy(classifier);
}

/* Weights too small for the scale still decide in a single tree; huge and tiny ones fit. */
static void keeps_the_class_of_every_leaf(void **state)
{
    static const float scales[] = {1.0F, 1e-30F, 1e30F};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct spec spec = spec_stump("BRANCH_LEQ", 0, 10);

        spec_weight(&spec, 0, 1, 1, 2e-12F * scales[i]);
        spec.weight[0] = 1e-12F * scales[i];
        spec.weight[1] = 1.0F * scales[i];
        spec_weight(&spec, 0, 2, 0, nextafterf(1.0F, 0) * scales[i]);
        struct classifier *classifier = classifier_of(&spec);
        assert_int_equal(class_of(classifier, 0, 0), 1);
        assert_int_equal(class_of(classifier, 0, 11), 1);
        classifier->destroy(classifier);
    }
}

static void makes_the_same_bytes_again(void **state)
{
    struct spec spec = spec_stump("BRANCH_LEQ", 4, 1e6F);
    struct q8 *file[2] = {NULL, NULL};
    struct error error = {""};
    uint8_t *bytes[2];
    size_t size[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(spec_import(&file[i], &spec, &error), 0);
        assert_non_null(file[i]);
        assert_int_equal(q8_encode(file[i], &bytes[i], &size[i], &error), 0);
        const struct q8_golden *last = &file[i]->golden[file[i]->golden_count - 1];
        assert_int_equal(last[-1].features[4], 1000000); /* either side of the threshold */
        assert_int_equal(last[0].features[4], 1000001);
        assert_int_equal(last[0].verdict.class_index, 1);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    for (int i = 0; i < 2; i++) {
        free(bytes[i]);
        q8_free(file[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_thresholds_exactly),
        cmocka_unit_test(leaves_out_what_decides_nothing),
        cmocka_unit_test(understands_one_sided_weights),
        cmocka_unit_test(adds_up_trees),
        cmocka_unit_test(keeps_the_class_of_every_leaf),
        cmocka_unit_test(makes_the_same_bytes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
