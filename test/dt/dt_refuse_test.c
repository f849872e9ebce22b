// SPDX-License-Identifier: BSD-2-Clause
/* Tree ensembles that have no integer model, each refused for that very reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "dt_spec.h"

static void refused(const struct spec *spec, const char *why)
{
    struct error error = {""};
    struct q8 *file = NULL;
    int err = spec_import(&file, spec, &error);

    if (!err || !strstr(error.text, why))
        fail_msg("%d: '%s' lacks '%s'", err, error.text, why);
    assert_int_equal(err, -EINVAL);
    assert_null(file);
}

#define REFUSE(why, ...)                                                                           \
    do {                                                                                           \
        struct spec s = spec_stump("BRANCH_LEQ", 0, 5);                                            \
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
    REFUSE("tree 0 has two roots", spec_node(&s, 0, 3, "LEAF", 0, 0, 0, 0));
    REFUSE("two nodes of number 2", s.id[1] = 2);
    REFUSE("can't be reached from a root", s.yes[0] = 0, s.mode[1] = s.mode[2] = "LEAF",
           s.no[0] = 1, s.weight_node[0] = 1, s.node_count = 2, s.weight_count = 1);
    REFUSE("can't be reached", spec_node(&s, 0, 3, "BRANCH_LEQ", 0, 1, 4, 5),
           spec_node(&s, 0, 4, "BRANCH_LEQ", 0, 1, 3, 6), spec_node(&s, 0, 5, "LEAF", 0, 0, 0, 0),
           spec_node(&s, 0, 6, "LEAF", 0, 0, 0, 0));
    REFUSE(
        "more than 1024 trees",
        for (int64_t t = 1; t <= 1024; t++) { spec_node(&s, t, 0, "LEAF", 0, 0, 0, 0); });
    REFUSE(
        "tree 1 is deeper than 24", for (int64_t i = 0; i < 25; i++) {
            spec_node(&s, 1, 2 * i, "BRANCH_LT", 3, 9, 2 * i + 1, 2 * i + 2);
            spec_node(&s, 1, 2 * i + 1, "LEAF", 0, 0, 0, 0);
        } spec_node(&s, 1, 50, "LEAF", 0, 0, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(refuses_what_is_no_tree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
