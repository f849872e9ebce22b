// SPDX-License-Identifier: BSD-2-Clause
/* The text of --bypass. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bypass_text.h"

static void test_good(void **state)
{
    static const struct {
        const char *text;
        struct bypass_service bypass;
    } cases[] = {
        {"tcp/22", {22, 6, 0}},  {"udp/65535", {65535, 17, 0}}, {"tcp", {0, 6, 0}},
        {"sctp/1", {1, 132, 0}}, {"dccp/5", {5, 33, 0}},        {"udplite/7", {7, 136, 0}},
        {"icmp", {0, 1, 0}},     {"icmp6", {0, 58, 0}},         {"esp", {0, 50, 0}},
        {"47", {0, 47, 0}},      {"255", {0, 255, 0}},          {"0", {0, 0, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bypass_service bypass = {9, 9, 9};

        assert_int_equal(bypass_parse(&bypass, cases[i].text, NULL), 0);
        assert_memory_equal(&bypass, &cases[i].bypass, sizeof(bypass));
    }
}

static void test_bad(void **state)
{
    static const char *const cases[] = {
        "",       "tcp/",   "tcp/0",  "tcp/65536", "tcp/22x", "tcp/-1", "/22",
        "TCP/22", "icmp/3", "tcpx/1", "256",       "-1",      "6/22",   "tcp/ 22",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bypass_service bypass;
        struct error error = {""};

        if (bypass_parse(&bypass, cases[i], &error) != -EINVAL)
            fail_msg("'%s' was taken", cases[i]);
        assert_string_not_equal(error.text, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
