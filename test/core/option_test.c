// SPDX-License-Identifier: BSD-2-Clause
/* One table of options, from the command line, a file and a program. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "option.h"

enum colour { RED, GREEN };

struct target {
    bool flag;
    uint16_t small;
    uint64_t large;
    enum colour colour;
    const char *text;
    const char *last;
    const char *input, *output;
    int others;
};

static int parse_other(void *target, const char *value, struct error *error)
{
    struct target *t = target;

    if (strcmp(value, "bad") == 0)
        return error_set(error, -EINVAL, "--other bad: not this one");
    t->last = value;
    t->others++;
    return 0;
}

static const char *const colours[] = {"red", "green", NULL};

#define MEMBER(name) OPTION_MEMBER(struct target, name)

static const struct option_spec table[] = {
    {.name = "flag", .type = OPTION_FLAG, MEMBER(flag), .conflicts = "text"},
    {.name = "small", .type = OPTION_NUMBER, .least = 3, .most = 40000, MEMBER(small)},
    {.name = "large", .type = OPTION_NUMBER, .most = UINT64_MAX, .initial = "7", MEMBER(large)},
    {.name = "colour",
     .type = OPTION_CHOICE,
     .choices = colours,
     .argument = "COLOUR",
     .initial = "green",
     MEMBER(colour)},
    {.name = "text", .type = OPTION_TEXT, .argument = "TEXT", MEMBER(text)},
    {OPTION_ROW_INPUT("input", struct target, input), .needs = "text"},
    {OPTION_ROW_OUTPUT("output", struct target, output)},
    {.name = "other", .type = OPTION_OTHER, .argument = "X", .parse = parse_other},
    {0},
};

struct rig {
    struct target target;
    struct option_values values;
    struct error error;
    char path[32];
};

static int set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    if (!rig)
        return -1;
    rig->target.small = 99;
    option_values_init(&rig->values, table, &rig->target);
    *state = rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *rig = *state;

    option_values_free(&rig->values);
    if (rig->path[0])
        unlink(rig->path);
    free(rig);
    return 0;
}

static int set(struct rig *rig, const char *name, const char *value)
{
    return option_set(&rig->values, option_find(table, name), value, &rig->error);
}

static void write_text(struct rig *rig, const char *text, size_t size)
{
    strcpy(rig->path, "/tmp/option_test.XXXXXX");
    int file = mkstemp(rig->path);

    assert_true(file >= 0);
    assert_int_equal(write(file, text, size), size);
    close(file);
}

static int read_text(struct rig *rig, const char *text, size_t size)
{
    write_text(rig, text, size);
    return option_read_file(&rig->values, rig->path, &rig->error);
}

#define READ(rig, text) read_text(rig, text, sizeof(text) - 1)

static void initial_values_are_the_tables_or_the_callers(void **state)
{
    const struct rig *rig = *state;

    assert_int_equal(rig->target.large, 7);
    assert_int_equal(rig->target.colour, GREEN);
    assert_int_equal(rig->target.small, 99);
    assert_false(option_given(&rig->values, "large"));
}

static void each_type_takes_its_values_and_no_others(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(set(rig, "small", "40000"), 0);
    assert_int_equal(rig->target.small, 40000);
    assert_int_equal(set(rig, "large", "0xffffffffffffffff"), 0);
    assert_true(rig->target.large == UINT64_MAX);
    assert_int_equal(set(rig, "colour", "red"), 0);
    assert_int_equal(rig->target.colour, RED);
    assert_int_equal(set(rig, "flag", ""), 0);
    assert_true(rig->target.flag);
    assert_int_equal(set(rig, "flag", "no"), 0);
    assert_false(rig->target.flag);

    assert_int_equal(set(rig, "small", "2"), -EINVAL);
    assert_string_equal(rig->error.text, "--small 2: allowed are 3 to 40000");
    assert_int_equal(set(rig, "small", "40001"), -EINVAL);
    assert_int_equal(set(rig, "large", "18446744073709551616"), -EINVAL);
    assert_int_equal(set(rig, "large", "-1"), -EINVAL);
    assert_int_equal(set(rig, "large", "1x"), -EINVAL);
    assert_int_equal(set(rig, "large", ""), -EINVAL);
    assert_int_equal(set(rig, "colour", "blue"), -EINVAL);
    assert_string_equal(rig->error.text, "--colour blue: should be one of red, green");
    assert_int_equal(set(rig, "flag", "perhaps"), -EINVAL);
    assert_int_equal(set(rig, "other", "bad"), -EINVAL);
    assert_int_equal(rig->target.small, 40000);
    assert_true(rig->target.large == UINT64_MAX);
    assert_false(option_given(&rig->values, "other"));
}

static void texts_are_copied(void **state)
{
    struct rig *rig = *state;
    char text[] = "one";

    assert_int_equal(set(rig, "text", text), 0);
    assert_int_equal(set(rig, "other", text), 0);
    text[0] = 't';
    assert_string_equal(rig->target.text, "one");
    assert_string_equal(rig->target.last, "one");
}

static void options_that_exclude_each_other_are_refused(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(set(rig, "text", "x"), 0);
    assert_int_equal(option_check_conflicts(&rig->values, &rig->error), 0);
    assert_int_equal(set(rig, "flag", ""), 0);
    assert_int_equal(option_check_conflicts(&rig->values, &rig->error), -EINVAL);
    assert_string_equal(rig->error.text, "--flag and --text: only one of them");
    assert_int_equal(set(rig, "flag", "no"), 0);
    assert_int_equal(option_check_conflicts(&rig->values, &rig->error), 0);
}

static void an_option_that_means_nothing_alone_is_refused(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(set(rig, "input", "x"), 0);
    assert_int_equal(option_check_conflicts(&rig->values, &rig->error), -EINVAL);
    assert_string_equal(rig->error.text, "--input has no meaning without --text");
    assert_int_equal(set(rig, "text", "x"), 0);
    assert_int_equal(option_check_conflicts(&rig->values, &rig->error), 0);
}

static int check_files(struct rig *rig, const char *input, const char *output, const char *argument)
{
    char *arguments[] = {(char *)argument};

    assert_int_equal(set(rig, "input", input), 0);
    assert_int_equal(set(rig, "output", output), 0);
    return option_check_files(&rig->values, 1, arguments, argument ? 1 : 0, &rig->error);
}

static void output_over_input_is_refused(void **state)
{
    struct rig *rig = *state;
    char other[64], link_path[64], absent[64];

    write_text(rig, "precious", 8);
    snprintf(other, sizeof(other), "%s.other", rig->path);
    snprintf(absent, sizeof(absent), "%s.absent", rig->path);
    snprintf(link_path, sizeof(link_path), "%s.link", rig->path);
    fclose(fopen(other, "w"));
    assert_int_equal(symlink(rig->path, link_path), 0);

    assert_int_equal(check_files(rig, rig->path, other, NULL), 0);
    assert_int_equal(check_files(rig, rig->path, absent, other), 0);
    assert_int_equal(check_files(rig, rig->path, rig->path, NULL), -EINVAL);
    assert_non_null(strstr(rig->error.text, "the file of --input too"));
    assert_int_equal(check_files(rig, rig->path, link_path, NULL), -EINVAL);
    assert_int_equal(check_files(rig, other, link_path, rig->path), -EINVAL);
    assert_non_null(strstr(rig->error.text, "would be overwritten"));
    assert_int_equal(check_files(rig, absent, absent, NULL), -EINVAL);
    assert_int_equal(check_files(rig, "-", "-", "-"), 0);
    assert_int_equal(check_files(rig, "/dev/null", "/dev/null", NULL), 0);
    unlink(link_path);
    unlink(other);
    unlink(rig->path);
}

static void a_file_fills_in_what_was_not_given(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(set(rig, "small", "5"), 0);
    assert_int_equal(set(rig, "other", "mine"), 0);
    assert_int_equal(READ(rig, "# a comment\n\n  small = 6\nlarge=8 # behind\n"
                               "text = a#b c \r\nflag\nother = x\nother = y"),
                     0);
    assert_int_equal(rig->target.small, 5);
    assert_int_equal(rig->target.large, 8);
    assert_string_equal(rig->target.text, "a#b c");
    assert_true(rig->target.flag);
    assert_int_equal(rig->target.others, 3);
}

static void a_bad_line_is_named(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"small = 5\nlarge = x\n", ", line 2: --large x: not a whole number"},
        {"smal = 5\n", ", line 1: unknown option 'smal'"},
        {"text\n", ", line 1: text has no value: text = TEXT"},
        {"text =\n", ", line 1: text has no value: text = TEXT"},
        {"small = 5\n\nsmall = 5\n", ", line 3: small stands on line 1 already"},
        {"= 5\n", ", line 1: unknown option ''"},
    };
    struct rig *rig = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(rig, cases[i].text, strlen(cases[i].text)), -EINVAL);
        assert_string_equal(rig->error.text + strlen(rig->path), cases[i].message);
        unlink(rig->path);
    }
}

static void what_is_no_text_is_refused(void **state)
{
    static char line[8192];
    struct rig *rig = *state;

    assert_int_equal(READ(rig, "text = a\0b\n"), -EINVAL);
    unlink(rig->path);
    memset(line, 'x', sizeof(line));
    assert_int_equal(read_text(rig, line, sizeof(line)), -E2BIG);
    assert_non_null(strstr(rig->error.text, "line 1: too long a line"));
    assert_int_equal(option_read_file(&rig->values, "/tmp", &rig->error), -EISDIR);
    assert_int_equal(option_read_file(&rig->values, "/nowhere/x", &rig->error), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(initial_values_are_the_tables_or_the_callers),
        TEST(each_type_takes_its_values_and_no_others),
        TEST(texts_are_copied),
        TEST(options_that_exclude_each_other_are_refused),
        TEST(an_option_that_means_nothing_alone_is_refused),
        TEST(output_over_input_is_refused),
        TEST(a_file_fills_in_what_was_not_given),
        TEST(a_bad_line_is_named),
        TEST(what_is_no_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
