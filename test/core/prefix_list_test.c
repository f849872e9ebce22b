// SPDX-License-Identifier: BSD-2-Clause
/* Text of --allow and --deny, and what becomes of the lists. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "prefix_list.h"

/* The list as text, with commas. */
static void assert_list(const struct prefix_list *list, const char *wanted)
{
    char text[1024] = "";

    for (uint32_t i = 0; i < list->count; i++) {
        char one[PREFIX_TEXT_MAX];

        prefix_print(&list->prefix[i], one);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "", one);
    }
    assert_string_equal(text, wanted);
}

static void test_good(void **state)
{
    struct prefix_list list = {.count = 0};
    struct error error = {""};

    (void)state;
    assert_int_equal(prefix_list_add_text(&list, "192.0.2.0/24, 2001:DB8::/32", "--deny", &error),
                     0);
    assert_int_equal(prefix_list_add_text(&list, "0.0.0.0/0,::1,10.1.2.3", "--deny", &error), 0);
    assert_int_equal(prefix_list_add_text(&list, "192.0.2.0/24,192.0.2.0/25", "--deny", &error), 0);
    assert_list(&list, "0.0.0.0/0,10.1.2.3/32,192.0.2.0/24,192.0.2.0/25,::1/128,2001:db8::/32");
    prefix_list_free(&list);
}

static void test_bad(void **state)
{
    static const char *const cases[][2] = {
        {"", "'' is no prefix"},
        {",", "'' is no prefix"},
        {"10.0.0.0/8,", "'' is no prefix"},
        {"10.0.0.0/33", "'10.0.0.0/33' is no prefix"},
        {"::/129", "is no prefix"},
        {"::/1280", "is no prefix"},
        {"10.0.0.0/", "is no prefix"},
        {"10.0.0.0/08", "is no prefix"},
        {"10.0.0.0/-1", "is no prefix"},
        {"10.0.0.0/8/8", "is no prefix"},
        {"10.0.0/24", "is no prefix"},
        {"010.0.0.0/8", "is no prefix"},
        {"1.2.3.4.5", "is no prefix"},
        {"host.example", "is no prefix"},
        {"fe80::1%eth0", "is no prefix"},
        {"10.0.0.1/8", "10.0.0.1/8 has bits behind its length: 10.0.0.0/8 or 10.0.0.1/32"},
        {"2001:db8::1/32", "2001:db8::/32 or 2001:db8::1/128"},
        {"@/nowhere/list", "cannot open /nowhere/list"},
    };
    struct prefix_list list = {.count = 0};
    struct error error = {""};

    (void)state;
    assert_int_equal(prefix_list_add_text(&list, "10.0.0.0/8", "--deny", &error), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(prefix_list_add_text(&list, cases[i][0], "--deny", &error) < 0);
        if (!strstr(error.text, cases[i][1]) || strncmp(error.text, "--deny: ", 8) != 0)
            fail_msg("'%s': %s", cases[i][0], error.text);
        assert_list(&list, "10.0.0.0/8");
    }
    prefix_list_free(&list);
}

/* A file of that text, as @PATH. */
static void write_file(char place[32], const char *text)
{
    snprintf(place, 32, "@/tmp/prefixes.XXXXXX");
    int file = mkstemp(place + 1);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    close(file);
}

static void test_files(void **state)
{
    struct prefix_list list = {.count = 0};
    struct error error = {""};
    char place[32];

    (void)state;
    write_file(place, "# a list\r\n\n192.0.2.0/24 ; SBL1\r\n  2001:db8::/32\t# two\n10.0.0.1");
    assert_int_equal(prefix_list_add_text(&list, place, "--deny", &error), 0);
    assert_list(&list, "10.0.0.1/32,192.0.2.0/24,2001:db8::/32");
    unlink(place + 1);
    write_file(place, "10.0.0.0/8\n\n10.0.0.1 10.0.0.2\n");
    assert_int_equal(prefix_list_add_text(&list, place, "--deny", &error), -EINVAL);
    assert_non_null(strstr(error.text, ", line 3: '10.0.0.1 10.0.0.2' is no prefix"));
    assert_int_equal(list.count, 3);
    unlink(place + 1);
    prefix_list_free(&list);
}

static void test_changes(void **state)
{
    struct prefix_list list = {.count = 0};
    struct prefix_list other = {.count = 0};
    struct error error = {""};

    (void)state;
    assert_int_equal(prefix_list_add_text(&list, "10.0.0.0/8,10.1.0.0/16,::1", "list", &error), 0);
    assert_int_equal(prefix_list_add_text(&other, "10.0.0.0/8,::2", "list", &error), 0);
    assert_int_equal(prefix_list_remove(&list, &other, &error), -ENOENT);
    assert_string_equal(error.text, "::2/128 isn't in the list");
    assert_int_equal(list.count, 3);
    assert_int_equal(prefix_list_add(&list, &other, &error), 0);
    assert_list(&list, "10.0.0.0/8,10.1.0.0/16,::1/128,::2/128");
    assert_int_equal(prefix_list_remove(&list, &other, &error), 0);
    assert_list(&list, "10.1.0.0/16,::1/128");
    prefix_list_free(&list);
    prefix_list_free(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
