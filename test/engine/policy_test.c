// SPDX-License-Identifier: BSD-2-Clause
#include "policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct q8 model = {
    .class_count = 3,
    .classes = {{.name = "benign", .action = ACTION_COUNT},
                {.name = "flood", .action = ACTION_DROP},
                {.name = "scan", .action = ACTION_FORWARD}},
};

static void takes_the_models_default_actions(void **state)
{
    (void)state;
    struct policy policy;

    policy_init(&policy, &model);
    assert_int_equal(policy.class_count, 3);
    assert_int_equal(policy.action[0], ACTION_COUNT);
    assert_int_equal(policy.action[1], ACTION_DROP);
    assert_int_equal(policy.action[2], ACTION_FORWARD);
    assert_int_equal(policy.action[SLOT_OTHER], ACTION_FORWARD);
    assert_int_equal(policy.action[SLOT_MALFORMED], ACTION_COUNT);
    assert_int_equal(policy.action[SLOT_UNSURE], ACTION_COUNT);
    assert_true(policy_drops(&policy));
}

static void has_one_class_without_a_model(void **state)
{
    (void)state;
    struct policy policy;

    policy_init(&policy, NULL);
    assert_int_equal(policy.class_count, 1);
    assert_string_equal(policy_slot_name(&policy, 0), "unclassified");
    assert_null(policy_slot_name(&policy, 1));
    assert_false(policy_drops(&policy));
}

static void blocks_for_seconds(void **state)
{
    static const char *const bad[] = {"flood=block",    "flood=block:",   "flood=block:0",
                                      "flood=block:-1", "flood=block:1m", "flood=block:1ss",
                                      "flood=block: 1", "flood=block:x",  "flood=block:99999999"};
    struct policy policy;
    struct error error;
    char text[POLICY_ACTION_MAX];

    (void)state;
    policy_init(&policy, &model);
    assert_false(policy_blocks(&policy));
    assert_int_equal(policy_set_action(&policy, "scan=block:60s", &error), 0);
    assert_int_equal(policy.action[2], ACTION_DROP);
    assert_int_equal(policy.block_seconds[2], 60);
    assert_true(policy_blocks(&policy) && policy_drops(&policy));
    policy_print_action(&policy, 2, text);
    assert_string_equal(text, "block:60");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(policy_set_action(&policy, bad[i], &error), -EINVAL);
    assert_int_equal(policy_set_action(&policy, "scan=drop", &error), 0);
    assert_false(policy_blocks(&policy));
}

static void limits_to_so_many(void **state)
{
    static const char *const bad[] = {"flood=limit",    "flood=limit:",     "flood=limit:0",
                                      "flood=limit:-1", "flood=limit:1s",   "flood=limit:1048576",
                                      "other=limit:1",  "malformed=limit:1"};
    struct policy policy, other;
    struct error error;
    char text[POLICY_ACTION_MAX];

    (void)state;
    policy_init(&policy, &model);
    other = policy;
    assert_false(policy.limits);
    assert_int_equal(policy_set_action(&policy, "scan=limit:1048575", &error), 0);
    assert_int_equal(policy.action[2], ACTION_LIMIT);
    assert_int_equal(policy.limit[2], LIMIT_MOST);
    assert_true(policy.limits && policy_drops(&policy));
    policy_print_action(&policy, 2, text);
    assert_string_equal(text, "limit:1048575");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(policy_set_action(&policy, bad[i], &error), -EINVAL);
    assert_false(policy_same_slot(&policy, &other, 2));
    policy_take_slot(&other, &policy, 2);
    assert_true(policy_same_slot(&policy, &other, 2) && other.limits);
    assert_int_equal(policy_set_action(&policy, "scan=count", &error), 0);
    assert_false(policy.limits);
}

static void overrides_each_slot_by_name(void **state)
{
    (void)state;
    struct policy policy;
    struct error error;

    policy_init(&policy, &model);
    assert_int_equal(policy_set_action(&policy, "benign=drop", &error), 0);
    assert_int_equal(policy_set_action(&policy, "flood=count", &error), 0);
    assert_int_equal(policy_set_action(&policy, "other=drop", &error), 0);
    assert_int_equal(policy_set_action(&policy, "malformed=forward", &error), 0);
    assert_int_equal(policy_set_action(&policy, "unsure=drop", &error), 0);
    assert_int_equal(policy_set_action(&policy, "unsure=forward", &error), 0); /* the last counts */
    assert_int_equal(policy.action[0], ACTION_DROP);
    assert_int_equal(policy.action[1], ACTION_COUNT);
    assert_int_equal(policy.action[SLOT_OTHER], ACTION_DROP);
    assert_int_equal(policy.action[SLOT_MALFORMED], ACTION_FORWARD);
    assert_int_equal(policy.action[SLOT_UNSURE], ACTION_FORWARD);
}

static void lists_the_classes_when_one_is_unknown(void **state)
{
    (void)state;
    struct policy policy;
    struct error error;

    policy_init(&policy, &model);
    assert_int_equal(policy_set_action(&policy, "floods=drop", &error), -EINVAL);
    assert_non_null(strstr(error.text, "'floods'"));
    assert_non_null(strstr(error.text, "benign, flood, scan, unsure, other, malformed"));
    assert_int_equal(policy_set_action(&policy, "=drop", &error), -EINVAL);
    assert_int_equal(policy_set_action(&policy, "floo=drop", &error), -EINVAL);
    assert_int_equal(policy.action[1], ACTION_DROP);
}

/* A name of 30 letters times 64 doesn't fit a message: it is cut, not overrun. */
static void survives_a_long_list(void **state)
{
    (void)state;
    struct policy policy;
    struct error error;
    struct q8 wide = {.class_count = CLASSES_MAX};

    for (int i = 0; i < CLASSES_MAX; i++)
        memset(wide.classes[i].name, 'a' + i % 26, CLASS_NAME_SIZE - 1);
    policy_init(&policy, &wide);
    assert_int_equal(policy_set_action(&policy, "x=drop", &error), -EINVAL);
    assert_true(strlen(error.text) < sizeof(error.text));
}

static void refuses_what_is_no_action(void **state)
{
    (void)state;
    struct policy policy;
    struct error error;

    policy_init(&policy, &model);
    assert_int_equal(policy_set_action(&policy, "flood", &error), -EINVAL);
    assert_int_equal(policy_set_action(&policy, "flood=", &error), -EINVAL);
    assert_int_equal(policy_set_action(&policy, "flood=DROP", &error), -EINVAL);
    assert_non_null(strstr(error.text, "drop, forward, count"));
}

static void puts_verdicts_below_the_least_confidence_into_unsure(void **state)
{
    (void)state;
    struct policy policy;

    policy_init(&policy, &model);
    assert_int_equal(policy_slot(&policy, &(struct verdict){2, 0}), 2);
    policy.min_confidence = 500;
    assert_int_equal(policy_slot(&policy, &(struct verdict){2, 499}), SLOT_UNSURE);
    assert_int_equal(policy_slot(&policy, &(struct verdict){2, 500}), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_models_default_actions),
        cmocka_unit_test(has_one_class_without_a_model),
        cmocka_unit_test(blocks_for_seconds),
        cmocka_unit_test(limits_to_so_many),
        cmocka_unit_test(overrides_each_slot_by_name),
        cmocka_unit_test(lists_the_classes_when_one_is_unknown),
        cmocka_unit_test(survives_a_long_list),
        cmocka_unit_test(refuses_what_is_no_action),
        cmocka_unit_test(puts_verdicts_below_the_least_confidence_into_unsure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
