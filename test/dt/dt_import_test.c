// SPDX-License-Identifier: BSD-2-Clause
/* Tree ensembles as other programs may write them: what they mean, exactly, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dt.h"
#include "dt_import.h"
#include "dt_random.h"
#include "onnx_writer.h"

enum { NODES = 200, WEIGHTS = 256 };

/* An ensemble in the words of the operator. */
struct spec {
    size_t node_count;
    int64_t tree[NODES];
    int64_t id[NODES];
    int64_t feature[NODES];
    const char *mode[NODES];
    float value[NODES];
    int64_t yes[NODES];
    int64_t no[NODES];
    size_t weight_count;
    int64_t weight_tree[WEIGHTS];
    int64_t weight_node[WEIGHTS];
    int64_t weight_class[WEIGHTS];
    float weight[WEIGHTS];
    size_t base_count;
    float base[8];
    const char *post_transform;
    const char *classes; /* afxdp.classes */
    const char *labels[4];
    size_t label_count;
    int64_t width;
    const char *extra; /* a float attribute of that name */
};

static void add_node(struct spec *spec, int64_t tree, int64_t id, const char *mode, int64_t feature,
                     float value, int64_t yes, int64_t no)
{
    size_t i = spec->node_count++;

    spec->tree[i] = tree;
    spec->id[i] = id;
    spec->mode[i] = mode;
    spec->feature[i] = feature;
    spec->value[i] = value;
    spec->yes[i] = yes;
    spec->no[i] = no;
}

static void add_weight(struct spec *spec, int64_t tree, int64_t id, int64_t class_id, float weight)
{
    size_t i = spec->weight_count++;

    spec->weight_tree[i] = tree;
    spec->weight_node[i] = id;
    spec->weight_class[i] = class_id;
    spec->weight[i] = weight;
}

/* One branch: class 0 where its answer is yes, else class 1. */
static struct spec stump(const char *mode, int64_t feature, float value)
{
    struct spec spec = {.classes = "[\"a\", \"b\"]", .width = FEATURE_COUNT};

    add_node(&spec, 0, 0, mode, feature, value, 1, 2);
    add_node(&spec, 0, 1, "LEAF", 0, 0, 0, 0);
    add_node(&spec, 0, 2, "LEAF", 0, 0, 0, 0);
    add_weight(&spec, 0, 1, 0, 1);
    add_weight(&spec, 0, 2, 1, 1);
    return spec;
}

static struct buffer write_node(const struct spec *spec)
{
    struct buffer node = node_begin("trees", "TreeEnsembleClassifier", "input", "label scores");

    put_text(&node, NODE_DOMAIN, "ai.onnx.ml");
    node_ints(&node, "nodes_treeids", spec->tree, spec->node_count);
    node_ints(&node, "nodes_nodeids", spec->id, spec->node_count);
    node_ints(&node, "nodes_featureids", spec->feature, spec->node_count);
    node_texts(&node, "nodes_modes", spec->mode, spec->node_count);
    node_floats(&node, "nodes_values", spec->value, spec->node_count);
    node_ints(&node, "nodes_truenodeids", spec->yes, spec->node_count);
    node_ints(&node, "nodes_falsenodeids", spec->no, spec->node_count);
    node_ints(&node, "class_treeids", spec->weight_tree, spec->weight_count);
    node_ints(&node, "class_nodeids", spec->weight_node, spec->weight_count);
    node_ints(&node, "class_ids", spec->weight_class, spec->weight_count);
    node_floats(&node, "class_weights", spec->weight, spec->weight_count);
    if (spec->base_count > 0)
        node_floats(&node, "base_values", spec->base, spec->base_count);
    if (spec->post_transform)
        node_text(&node, "post_transform", spec->post_transform);
    if (spec->label_count > 0)
        node_texts(&node, "classlabels_strings", spec->labels, spec->label_count);
    if (spec->extra)
        node_float(&node, spec->extra, 1);
    return node;
}

static int import_spec(struct q8 **out, const struct spec *spec, struct error *error)
{
    struct buffer node = write_node(spec);
    struct buffer model = {0}, graph = {0};
    struct features rows[3] = {{{0}}, {{1, 2, 3}}, {{UINT32_MAX}}};
    int16_t labels[3] = {0, 1, -1};
    struct import import = {.features = rows, .labels = labels, .rows = 3};
    struct import_report report = {0};
    struct onnx *onnx = NULL;

    graph_value(&graph, GRAPH_INPUT, "input", spec->width);
    put_message(&graph, GRAPH_NODE, &node);
    graph_value(&graph, GRAPH_OUTPUT, "scores", 2);
    put_message(&model, MODEL_GRAPH, &graph);
    model_metadata(&model, "afxdp.classes", spec->classes);
    int err = onnx_decode(&onnx, model.bytes, model.size, error);
    buffer_free(&model);
    if (err)
        return err;
    import.onnx = onnx;
    err = import_classes(&import, NULL, error);
    if (!err)
        err = dt_import(out, &import, &report, error);
    if (!err)
        assert_int_equal(report.agreeing, report.rows);
    onnx_free(onnx);
    return err;
}

static struct classifier *classifier_of(const struct spec *spec)
{
    struct classifier *classifier = NULL;
    struct error error = {""};
    struct q8 *file = NULL;

    if (import_spec(&file, spec, &error) || dt_classifier_new(&classifier, file, 0, &error))
        fail_msg("%s", error.text);
    q8_free(file);
    return classifier;
}

static uint32_t class_of(const struct classifier *classifier, uint32_t feature, uint32_t value)
{
    struct features features = {{0}};
    struct verdict verdict;

    features.value[feature] = value;
    classifier->classify(classifier->model, &features, 1, &verdict);
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
    struct spec spec = stump(mode, FEATURE_INTERVAL, threshold);
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

static void refused(const struct spec *spec, const char *why)
{
    struct error error = {""};
    struct q8 *file = NULL;
    int err = import_spec(&file, spec, &error);

    if (!err || !strstr(error.text, why))
        fail_msg("%d: '%s' lacks '%s'", err, error.text, why);
    assert_int_equal(err, -EINVAL);
    assert_null(file);
}

#define REFUSE(why, ...)                                                                           \
    do {                                                                                           \
        struct spec s = stump("BRANCH_LEQ", 0, 5);                                                 \
        __VA_ARGS__;                                                                               \
        refused(&s, why);                                                                          \
    } while (0)

static void refuses_by_name(void **state)
{
    (void)state;
    REFUSE("'nodes_values' has a NaN at 0", s.value[0] = NAN);
    REFUSE("mode BRANCH_EQ of node 0 isn't supported", s.mode[0] = "BRANCH_EQ");
    REFUSE("mode (unknown) of node 2", s.mode[2] = "leaf");
    REFUSE("post_transform PROBIT", s.post_transform = "PROBIT");
    REFUSE("post_transform SOFTMAX_ZERO", s.post_transform = "SOFTMAX_ZERO");
    REFUSE("attribute 'aggregate_function'", s.extra = "aggregate_function");
    REFUSE("tests feature 12 of 12", s.feature[0] = 12);
    REFUSE("tests feature -1", s.feature[0] = -1);
    REFUSE("shape [N, 12]", s.width = 9);
    REFUSE("class weight 0 is infinite", s.weight[0] = INFINITY);
    REFUSE("'class_weights' has a NaN", s.weight[1] = NAN);
    REFUSE("weight 1 belongs to class 2 of 2", s.weight_class[1] = 2);
    REFUSE("weight 1 belongs to class -1", s.weight_class[1] = -1);
    REFUSE("weight 0 belongs to node 0 of tree 0, which isn't a leaf", s.weight_node[0] = 0);
    REFUSE("weight 0 belongs to node 9 of tree 0", s.weight_node[0] = 9);
    REFUSE("its leaves have no weights", s.weight_count = 0);
    REFUSE("3 base values, expected 2", s.base_count = 3);
    REFUSE("base value 1 is infinite", s.base_count = 2, s.base[1] = -INFINITY);
    REFUSE("2 class labels, but there are 3", s.classes = "[\"a\", \"b\", \"c\"]",
           s.label_count = 2, s.labels[0] = s.labels[1] = "x");
    REFUSE("its class 0 is 'b', which is class 1 of the names", s.label_count = 2,
           s.labels[0] = "b", s.labels[1] = "a");
    REFUSE("'nodes_values_as_tensor' isn't a tensor", s.extra = "nodes_values_as_tensor");
}

static void refuses_what_is_no_tree(void **state)
{
    (void)state;
    REFUSE("tree 0: node 0 leads to node 7", s.yes[0] = 7);
    REFUSE("two ways lead to node 1", s.no[0] = 1);
    REFUSE("tree 0 has two roots", add_node(&s, 0, 3, "LEAF", 0, 0, 0, 0));
    REFUSE("two nodes of number 2", s.id[1] = 2);
    REFUSE("can't be reached from a root", s.yes[0] = 0, s.mode[1] = s.mode[2] = "LEAF",
           s.no[0] = 1, s.weight_node[0] = 1, s.node_count = 2, s.weight_count = 1);
    REFUSE("can't be reached", add_node(&s, 0, 3, "BRANCH_LEQ", 0, 1, 4, 5),
           add_node(&s, 0, 4, "BRANCH_LEQ", 0, 1, 3, 6), add_node(&s, 0, 5, "LEAF", 0, 0, 0, 0),
           add_node(&s, 0, 6, "LEAF", 0, 0, 0, 0));
    REFUSE(
        "more than 64 trees",
        for (int64_t t = 1; t <= 64; t++) { add_node(&s, t, 0, "LEAF", 0, 0, 0, 0); });
    REFUSE(
        "tree 1 is deeper than 16", for (int64_t i = 0; i < 17; i++) {
            add_node(&s, 1, 2 * i, "BRANCH_LT", 3, 9, 2 * i + 1, 2 * i + 2);
            add_node(&s, 1, 2 * i + 1, "LEAF", 0, 0, 0, 0);
        } add_node(&s, 1, 34, "LEAF", 0, 0, 0, 0));
}

/* Branches that go one way for every integer cost no depth: 17 levels may shrink to 16. */
static void leaves_out_what_decides_nothing(void **state)
{
    struct spec spec = {.classes = "[\"a\", \"b\"]", .width = FEATURE_COUNT};

    (void)state;
    for (int64_t i = 0; i < 17; i++) {
        float value = i == 3 ? -1 : (float)(100 - i);
        add_node(&spec, 0, 2 * i, "BRANCH_LEQ", 3, value, 2 * i + (i == 3 ? 1 : 2),
                 2 * i + (i == 3 ? 2 : 1));
        add_node(&spec, 0, 2 * i + 1, "LEAF", 0, 0, 0, 0);
        add_weight(&spec, 0, 2 * i + 1, 0, 1);
    }
    add_node(&spec, 0, 34, "LEAF", 0, 0, 0, 0);
    add_weight(&spec, 0, 34, 1, 1);
    struct classifier *classifier = classifier_of(&spec);
    assert_int_equal(class_of(classifier, 3, 84), 1);
    assert_int_equal(class_of(classifier, 3, 85), 0);
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
            struct spec spec = stump("BRANCH_LT", 1, 7);

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
    struct spec spec = stump("BRANCH_LEQ", 0, 10);
    struct classifier *classifier;

    (void)state;
    spec.classes = "[\"a\", \"b\", \"c\"]";
    add_node(&spec, 9, 5, "BRANCH_GT", 0, 20, 1, 2);
    add_node(&spec, 9, 1, "LEAF", 0, 0, 0, 0);
    add_node(&spec, 9, 2, "LEAF", 0, 0, 0, 0);
    add_weight(&spec, 9, 1, 2, 0.75F);
    add_weight(&spec, 9, 1, 2, 0.5F); /* weights of a leaf and class add up */
    add_weight(&spec, 9, 2, 0, 0.25F);
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
        struct spec spec = stump("BRANCH_LEQ", 0, 10);

        add_weight(&spec, 0, 1, 1, 2e-12F * scales[i]);
        spec.weight[0] = 1e-12F * scales[i];
        spec.weight[1] = 1.0F * scales[i];
        add_weight(&spec, 0, 2, 0, nextafterf(1.0F, 0) * scales[i]);
        struct classifier *classifier = classifier_of(&spec);
        assert_int_equal(class_of(classifier, 0, 0), 1);
        assert_int_equal(class_of(classifier, 0, 11), 1);
        classifier->destroy(classifier);
    }
}

static void makes_the_same_bytes_again(void **state)
{
    struct spec spec = stump("BRANCH_LEQ", 4, 1e6F);
    struct q8 *file[2] = {NULL};
    struct error error = {""};
    uint8_t *bytes[2];
    size_t size[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(import_spec(&file[i], &spec, &error), 0);
        assert_int_equal(q8_encode(file[i], &bytes[i], &size[i], &error), 0);
        const struct q8_golden *last = &file[i]->golden[file[i]->golden_count - 1];
        assert_int_equal(last[-1].features.value[4], 1000000); /* either side of the threshold */
        assert_int_equal(last[0].features.value[4], 1000001);
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
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(refuses_what_is_no_tree),
        cmocka_unit_test(leaves_out_what_decides_nothing),
        cmocka_unit_test(understands_one_sided_weights),
        cmocka_unit_test(adds_up_trees),
        cmocka_unit_test(keeps_the_class_of_every_leaf),
        cmocka_unit_test(makes_the_same_bytes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
