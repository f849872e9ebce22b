// SPDX-License-Identifier: BSD-2-Clause
/* A latency is counted in a step of its own size, and only a stamped frame has one. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "latency.h"
#include "synthetic.h"

static void test_steps(void **state)
{
    uint32_t before = 0;

    (void)state;
    for (uint64_t ns = 0; ns < 60000000000; ns += 1 + ns / 200) {
        uint32_t step = latency_step(ns);

        assert_in_range(step, before, before + 1);
        assert_true(latency_of_step(step) <= ns && ns < latency_of_step(step + 1));
        assert_true(latency_of_step(step + 1) - latency_of_step(step) <= 1 + ns / 64);
        before = step;
    }
    assert_int_equal(latency_step(UINT64_MAX), LATENCY_STEPS - 1);
}

static void test_sums(void **state)
{
    static struct latency latency;

    (void)state;
    latency_add(&latency, 5);
    latency_add(&latency, UINT64_MAX);
    latency_add(&latency, 5);
    assert_int_equal(latency.frames, 3);
    assert_int_equal(latency.count[5], 2);
    assert_true(latency.most == UINT64_MAX);
}

static void test_stamp(void **state)
{
    const struct synthetic_options options = {.count = 1, .flows = 1, .length = 60, .stamps = true};
    struct synthetic *synthetic;
    struct frame frame;
    uint64_t time = 0;

    (void)state;
    assert_int_equal(synthetic_new(&synthetic, &options), 0);
    assert_int_equal(
        synthetic_port(synthetic)->operations->receive(synthetic_port(synthetic), &frame, 1), 1);
    assert_true(latency_stamp(frame.data, &time));
    assert_true(time > 0);
    frame.data[14 + 9] = 6;
    assert_false(latency_stamp(frame.data, &time));
    synthetic_free(synthetic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_stamp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
