// SPDX-License-Identifier: BSD-2-Clause
/* Payloads that lie. Each hostile one is a good one with one thing changed, and must be refused
 * for that very reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "dt.h"
#include "dt_random.h"

/* Two trees:  0 -> 1 2, 2 -> 3 4   and   5 -> 6 7; three rows of two scores. */
struct bytes {
    struct dt_payload head;
    struct dt_tree tree[2];
    struct dt_node node[8];
    int32_t score[3][2];
};

static struct bytes good(void)
{
    return (struct bytes){
        .head = {.tree_count = 2, .node_count = 8, .row_count = 3},
        .tree = {{.root = 0, .depth = 2}, {.root = 5, .depth = 1}},
        .node =
            {
                dt_node_make(FEATURE_DPORT, 22, 1),
                dt_node_make(DT_LEAF, 0, 1),
                dt_node_make(FEATURE_DEV_DIRECTION, UINT32_MAX, 3),
                dt_node_make(DT_LEAF, 1, 3),
                dt_node_make(DT_LEAF, 2, 4),
                dt_node_make(FEATURE_SPORT, 0, 6),
                dt_node_make(DT_LEAF, 1, 6),
                dt_node_make(DT_LEAF, 0, 7),
            },
        .score = {{1 << 29, 0}, {0, 1 << 29}, {-5, 5}},
    };
}

static int load_of(uint32_t feature_set, const void *bytes, size_t size, struct error *error)
{
    struct q8 file = {.kind = Q8_DT,
                      .feature_set = feature_set,
                      .class_count = 2,
                      .payload = bytes,
                      .payload_size = size};
    struct dt_model stack;
    struct dt_model *model = &stack;
    int err = dt_model_load(&model, &file, error);

    if (err)
        assert_ptr_equal(model, &stack);
    else
        dt_model_free(model);
    return err;
}

static int load_sized(const void *bytes, size_t size, struct error *error)
{
    return load_of(FEATURE_SET_2, bytes, size, error);
}

static void refuse(const struct bytes *bytes, const char *why)
{
    struct error error = {.text = ""};

    assert_int_equal(load_sized(bytes, sizeof(*bytes), &error), -EINVAL);
    if (!strstr(error.text, why))
        fail_msg("expected '%s' in '%s'", why, error.text);
}

#define REFUSE(why, ...)                                                                           \
    do {                                                                                           \
        struct bytes b = good();                                                                   \
        __VA_ARGS__;                                                                               \
        refuse(&b, why);                                                                           \
    } while (0)

static void test_good(void **state)
{
    struct bytes b = good();
    struct error error = {.text = ""};

    (void)state;
    assert_int_equal(load_sized(&b, sizeof(b), &error), 0);
    b.score[0][0] = 1 << 30; /* the bound itself: (2^30 - 1) + 2^30 = INT32_MAX */
    b.score[1][1] = (1 << 30) - 1;
    b.node[7].threshold = 1;
    assert_int_equal(load_sized(&b, sizeof(b), &error), 0);
}

static void test_head(void **state)
{
    (void)state;
    REFUSE("0 trees", b.head.tree_count = 0);
    REFUSE("1025 trees", b.head.tree_count = 1025);
    REFUSE("trees", b.head.tree_count = UINT32_MAX);
    REFUSE("1 nodes in 2 trees", b.head.node_count = 1);
    REFUSE("nodes in 2 trees", b.head.node_count = UINT32_MAX);
    REFUSE("0 rows", b.head.row_count = 0);
    REFUSE("9 rows", b.head.row_count = 9);
    REFUSE("rows", b.head.row_count = UINT32_MAX);
    REFUSE("reserved", b.head.reserved = 1);
    REFUSE("the payload has", b.head.row_count = 2);
    REFUSE("the payload has", b.head.node_count = 9);
}

static void test_sizes(void **state)
{
    struct bytes b = good();
    uint8_t longer[sizeof(b) + 1] = {0};
    struct error error;

    (void)state;
    memcpy(longer, &b, sizeof(b));
    assert_int_equal(load_sized(longer, sizeof(longer), &error), -EINVAL);
    for (size_t size = 0; size < sizeof(b); size++) {
        void *exact = malloc(size ? size : 1); /* so that a sanitizer sees a read beyond it */
        assert_non_null(exact);
        memcpy(exact, &b, size);
        assert_int_equal(load_sized(exact, size, &error), -EINVAL);
        free(exact);
    }
}

static void test_trees(void **state)
{
    (void)state;
    REFUSE("tree 0 has nodes", b.tree[0].root = 1);
    REFUSE("tree 0 has nodes", b.tree[1].root = 0);
    REFUSE("node 5 is nobody's child", b.tree[1].root = 8);
    REFUSE("tree 0 has nodes", b.tree[1].root = UINT32_MAX);
    REFUSE("outside 3..3", b.tree[1].root = 4);
    REFUSE("nobody's child", b.tree[1].root = 6);
    REFUSE("2 deep, the file says 1", b.tree[0].depth = 1);
    REFUSE("2 deep, the file says 3", b.tree[0].depth = 3);
    REFUSE("1 deep, the file says 0", b.tree[1].depth = 0);
}

static void test_nodes(void **state)
{
    (void)state;
    REFUSE("tests feature 28", b.node[0] = dt_node_make(28, 22, 1));
    REFUSE("tests feature 30", b.node[2].link = b.node[2].link / 32 * 32 | 30);
    REFUSE("node 0 has children 0 and 1", b.node[0] = dt_node_make(0, 0, 0));
    REFUSE("node 2 has children 2 and 3", b.node[2] = dt_node_make(0, 0, 2));
    REFUSE("children of another node", b.node[2] = dt_node_make(0, 0, 1 + 2),
           b.node[1] = dt_node_make(0, 0, 3));
    REFUSE("nobody's child", b.node[0] = dt_node_make(0, 0, 2));
    REFUSE("children 4 and 5 outside", b.node[2] = dt_node_make(0, 0, 4));
    REFUSE("children 6 and 7 outside", b.node[2] = dt_node_make(0, 0, 6));
    REFUSE("outside", b.node[5] = dt_node_make(0, 0, 7));
    REFUSE("outside", b.node[5].link = UINT32_MAX << 5);
    REFUSE("leaf 1 leads to node 0", b.node[1] = dt_node_make(DT_LEAF, 0, 0));
    REFUSE("leaf 7 leads to node 8", b.node[7] = dt_node_make(DT_LEAF, 0, 8));
    REFUSE("leaf 4 has row 3 of 3", b.node[4].threshold = 3);
    REFUSE("leaf 4 has row", b.node[4].threshold = UINT32_MAX);
    REFUSE("no leaf has row 2 of 3", b.node[4].threshold = 1);
    REFUSE("nobody's child", b.node[5] = dt_node_make(DT_LEAF, 0, 5));
}

/* Nodes in the form of version 1: four bits of feature, of which 12 is a leaf's. */
static struct bytes good_1(void)
{
    struct bytes b = good();

    for (int i = 0; i < 8; i++) {
        uint32_t value = dt_node_value(&b.node[i]);
        b.node[i].link = dt_node_left(&b.node[i]) << 4 | (value == DT_LEAF ? 12 : value);
    }
    return b;
}

#define REFUSE_1(why, ...)                                                                         \
    do {                                                                                           \
        struct bytes b = good_1();                                                                 \
        struct error error = {.text = ""};                                                         \
        __VA_ARGS__;                                                                               \
        assert_int_equal(load_of(FEATURE_SET_1, &b, sizeof(b), &error), -EINVAL);                  \
        if (!strstr(error.text, why))                                                              \
            fail_msg("expected '%s' in '%s'", why, error.text);                                    \
    } while (0)

/* Both forms are one model in memory, and each is written as it was read. */
static void test_version_1(void **state)
{
    struct bytes bytes[2] = {good_1(), good()};
    struct dt_model *model[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct q8 file = {.kind = Q8_DT,
                          .feature_set = i == 0 ? FEATURE_SET_1 : FEATURE_SET_2,
                          .class_count = 2,
                          .payload = (const uint8_t *)&bytes[i],
                          .payload_size = sizeof(bytes[i])};
        uint8_t *again;
        size_t size;

        assert_int_equal(dt_model_load(&model[i], &file, NULL), 0);
        assert_int_equal(dt_model_encode(model[i], &again, &size, NULL), 0);
        assert_int_equal(size, sizeof(bytes[i]));
        assert_memory_equal(again, &bytes[i], size);
        free(again);
    }
    assert_memory_equal(model[0]->nodes, model[1]->nodes, 8 * sizeof(struct dt_node));
    dt_model_free(model[0]);
    dt_model_free(model[1]);
    REFUSE_1("node 0 tests feature 13 of 12", b.node[0].link = 1 << 4 | 13);
    REFUSE_1("node 2 tests feature 15 of 12", b.node[2].link = 3 << 4 | 15);
    REFUSE_1("node 5 leads to node 268435455 of 8", b.node[5].link = UINT32_MAX << 4);
    REFUSE_1("node 5 leads to node 8 of 8", b.node[5].link = 8 << 4);
    REFUSE_1("leaf 1 leads to node 0", b.node[1].link = 12);
    REFUSE_1("outside", b.node[5].link = 7 << 4);
}

static void test_scores(void **state)
{
    (void)state;
    REFUSE("can add up to", b.score[0][0] = INT32_MAX);
    REFUSE("can add up to", b.score[1][0] = INT32_MIN);
    REFUSE("can add up to", b.score[0][0] = 1 << 30, b.score[1][0] = 1 << 30);
}

/* One level too many is refused, the last allowed one is not. */
static void test_depth(void **state)
{
    struct dt_random random = random_start();

    (void)state;
    for (uint32_t depth = DT_DEPTH_MAX; depth <= DT_DEPTH_MAX + 1; depth++) {
        struct {
            struct dt_payload head;
            struct dt_tree tree;
            struct dt_node node[2 * (DT_DEPTH_MAX + 1) + 1];
            int32_t score[2];
        } b = {
            .head = {.tree_count = 1, .node_count = 2 * depth + 1, .row_count = 1},
            .tree = {.root = 0, .depth = depth},
        };
        struct error error = {.text = ""};
        uint32_t at = 0;

        for (uint32_t left = 1; left < 2 * depth; left += 2) { /* a chain, turning at random */
            uint32_t turn = random_below(&random, 2);
            b.node[at] = dt_node_make(0, left, left);
            b.node[left + 1 - turn] = dt_node_make(DT_LEAF, 0, left + 1 - turn);
            at = left + turn;
        }
        b.node[at] = dt_node_make(DT_LEAF, 0, at);
        memset((uint8_t *)&b + offsetof(typeof(b), node) + (2 * depth + 1) * 8, 0, 8);
        size_t size = offsetof(typeof(b), node) + (2 * depth + 1) * 8 + 8;
        int err = load_sized(&b, size, &error);
        if (depth <= DT_DEPTH_MAX)
            assert_int_equal(err, 0);
        else
            assert_non_null(strstr(error.text, "tree 0 is deeper than 24"));
    }
}

/* A file of another kind, and one whose golden vector is wrong. */
static void test_classifier(void **state)
{
    struct dt_random random = random_start();
    struct random_shape shape = {
        .tree_count = 3, .depth = 6, .class_count = 4, .feature_count = 12};
    struct random_model model;
    struct classifier *classifier = NULL;
    struct error error = {.text = ""};

    (void)state;
    random_model_make(&model, &shape, &random);
    assert_int_equal(dt_classifier_new(&classifier, &model.file, 0, &error), 0);
    assert_string_equal(classifier->kind, "dt");
    classifier->destroy(classifier);
    classifier = NULL;
    model.golden.verdict.class_index ^= 1;
    assert_int_equal(dt_classifier_new(&classifier, &model.file, 0, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "golden vector 0"));
    assert_null(classifier);
    model.file.kind = Q8_NN;
    assert_int_equal(dt_classifier_new(&classifier, &model.file, 0, &error), -EINVAL);
    random_model_free(&model);
}

/* What was accepted must at least run, in every variant. Frees the model. */
static void run_damaged(struct dt_model *flat, const struct random_model *model,
                        struct dt_random *random)
{
    uint32_t features[FEATURES_MAX];

    random_row(features, model, random);
    for (size_t i = 0; i < dt_variant_count(); i++) {
        struct classifier *classifier = NULL;
        struct verdict verdict;

        if (!dt_variant_offered(i, cpu_levels()) || dt_variant_new(&classifier, i, flat, NULL))
            continue;
        classifier->classify(classifier->model, features, 1, &verdict);
        assert_true(verdict.class_index < model->draft.class_count);
        classifier->destroy(classifier);
    }
    dt_model_free(flat);
}

/* Encoding what was loaded gives the same bytes; random damage is refused or harmless. */
static void test_damage(void **state)
{
    struct dt_random random = random_start();
    uint32_t refused = 0;
    uint32_t tried = 0;

    (void)state;
    for (int round = 0; round < 40; round++) {
        struct random_shape shape = random_shape(&random);
        struct random_model model;
        struct dt_model *flat;
        uint8_t *again;
        size_t size;

        if (shape.depth > 8)
            shape.depth = 8;
        if (shape.tree_count > 20)
            shape.tree_count = 20;
        random_model_make(&model, &shape, &random);
        assert_int_equal(dt_model_load(&flat, &model.file, NULL), 0);
        assert_int_equal(dt_model_encode(flat, &again, &size, NULL), 0);
        assert_int_equal(size, model.file.payload_size);
        assert_memory_equal(again, model.payload, size);
        free(again);
        dt_model_free(flat);

        for (int i = 0; i < 50; i++) {
            uint32_t at = random_below(&random, (uint32_t)size);
            uint8_t bit = (uint8_t)(1 << random_below(&random, 8));

            model.payload[at] ^= bit;
            tried++;
            if (dt_model_load(&flat, &model.file, NULL))
                refused++;
            else
                run_damaged(flat, &model, &random);
            model.payload[at] ^= bit;
        }
        random_model_free(&model);
    }
    printf("%u of %u damaged payloads refused\n", refused, tried);
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_head),
        cmocka_unit_test(test_sizes),      cmocka_unit_test(test_trees),
        cmocka_unit_test(test_nodes),      cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_scores),     cmocka_unit_test(test_depth),
        cmocka_unit_test(test_classifier), cmocka_unit_test(test_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
