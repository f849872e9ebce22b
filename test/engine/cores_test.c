// SPDX-License-Identifier: BSD-2-Clause
/* Which cores workers get. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cores.h"

static cpu_set_t allowed;

static uint32_t allowed_count(void)
{
    assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    return (uint32_t)CPU_COUNT(&allowed);
}

/* Each allowed core once before any twice. */
static void test_choice(void **state)
{
    uint32_t there = allowed_count();
    struct cores cores;

    (void)state;
    for (uint32_t workers = 1; workers <= CORES_MAX; workers++) {
        uint32_t used[CPU_SETSIZE] = {0};
        uint32_t most = (workers + there - 1) / there;

        cores_choose(&cores, "lo", workers);
        assert_int_equal(cores.count, workers);
        assert_int_equal(cores.shared, workers > there);
        for (uint32_t i = 0; i < workers; i++) {
            assert_true(CPU_ISSET((size_t)cores.core[i], &allowed));
            assert_true(++used[cores.core[i]] <= most);
        }
    }
}

static void test_list(void **state)
{
    struct cores cores;
    char text[64];
    int first = 0;

    (void)state;
    allowed_count();
    while (!CPU_ISSET((size_t)first, &allowed))
        first++;
    snprintf(text, sizeof(text), "%d,%d-%d", first, first, first);
    assert_int_equal(cores_parse(&cores, text, 2, NULL), 0);
    assert_int_equal(cores.count, 2);
    assert_int_equal(cores.core[0], first);
    assert_int_equal(cores.core[1], first);
    assert_true(cores.shared);
    assert_int_equal(cores_parse(&cores, text, 1, NULL), 0);
    assert_false(cores.shared);
}

static void test_bad_lists(void **state)
{
    static const char *const cases[] = {"",    "x",     "0,",  "0-",  "3-1",   "0,,", "-1",  "0 1",
                                        "0;1", "99999", "0-x", "1.5", "0x1,2", ",0",  "1000"};
    struct cores cores;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {""};

        if (cores_parse(&cores, cases[i], 1, &error) != -EINVAL)
            fail_msg("'%s' was taken", cases[i]);
        assert_non_null(strstr(error.text, "--cores"));
    }
    assert_int_equal(cores_parse(&cores, "0", 2, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_bad_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
