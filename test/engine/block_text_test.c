// SPDX-License-Identifier: BSD-2-Clause
/* What --state keeps: it is read as it was written, and nothing else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "block_text.h"
#include "random.h"

enum { LINES = 1000, MUTANTS = 20000 };

static uint64_t word(struct random *random)
{
    return (uint64_t)random_word(random) << 32 | random_word(random);
}

static char *print(const struct block_line *line, size_t count)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    assert_non_null(file);
    block_text_begin(file);
    for (size_t i = 0; i < count; i++)
        block_text_print(file, &line[i]);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void test_as_it_was_written(void **state)
{
    struct random random = random_begin("block_text_test");
    struct block_line line[LINES], *read;
    struct error error;
    size_t count;

    (void)state;
    for (int i = 0; i < LINES; i++) {
        bool six = random_below(&random, 2);
        uint64_t high = word(&random), low = word(&random);

        line[i] = (struct block_line){
            {six ? high : high & UINT64_C(0xffffffff00000000), six ? low : 0, six ? 6 : 4},
            word(&random) % 1000000000000};
    }
    char *text = print(line, LINES);
    assert_int_equal(block_text_parse(&read, &count, text, &error), 0);
    assert_int_equal(count, LINES);
    assert_memory_equal(read, line, sizeof(line));
    free(read);
    free(text);
}

static void test_nothing_else(void **state)
{
    static const char *const texts[] = {
        "192.0.2.1 5\n",
        "afxdp-engine blocks 1",
        "afxdp-engine blocks 2\n",
        "afxdp-engine blocks 1\r\n",
        "afxdp-engine blocks 1\n\n",
        "afxdp-engine blocks 1\n192.0.2.1\n",
        "afxdp-engine blocks 1\n192.0.2.1 \n",
        "afxdp-engine blocks 1\n192.0.2.1 5",
        "afxdp-engine blocks 1\n192.0.2.1 -5\n",
        "afxdp-engine blocks 1\n192.0.2.1 5 5\n",
        "afxdp-engine blocks 1\n192.0.2.1 0x5\n",
        "afxdp-engine blocks 1\n192.0.2.1 1000000000000\n",
        "afxdp-engine blocks 1\n192.0.2.1/32 5\n",
        "afxdp-engine blocks 1\n192.0.2.0/24 5\n",
        "afxdp-engine blocks 1\n192.0.2.256 5\n",
        "afxdp-engine blocks 1\n 192.0.2.1 5\n",
        "afxdp-engine blocks 1\n:::: 5\n",
    };
    struct block_line *read;
    struct error error;
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        error.text[0] = 0;
        assert_true(block_text_parse(&read, &count, texts[i], &error) < 0);
        assert_non_null(strstr(error.text, "line "));
        assert_null(read);
    }
    assert_int_equal(block_text_parse(&read, &count, "", &error), 0);
    assert_int_equal(count, 0);
    assert_int_equal(block_text_parse(&read, &count, "afxdp-engine blocks 1\n", &error), 0);
    assert_int_equal(count, 0);
    free(read);
}

/* Whatever is read of damaged text prints as such text again. */
static void test_damaged(void **state)
{
    struct random random = random_begin("block_text_test");
    static const char whole[] = "afxdp-engine blocks 1\n203.0.113.9 1795881234\n2001:db8::9 17\n";
    struct block_line *read, *again;
    struct error error;
    size_t count, count_again;
    int taken = 0;

    (void)state;
    for (int i = 0; i < MUTANTS; i++) {
        char text[sizeof(whole)];

        memcpy(text, whole, sizeof(whole));
        for (uint32_t n = random_below(&random, 4); n-- > 0;)
            text[22 + random_below(&random, sizeof(whole) - 23)] =
                "0123456789.:/ \nabf\xff"[random_below(&random, 20)];
        if (block_text_parse(&read, &count, text, &error) != 0)
            continue;
        char *printed = print(read, count);
        assert_int_equal(block_text_parse(&again, &count_again, printed, &error), 0);
        assert_int_equal(count_again, count);
        assert_memory_equal(again, read, count * sizeof(*read));
        taken++;
        free(again);
        free(printed);
        free(read);
    }
    assert_in_range(taken, MUTANTS / 10, MUTANTS - MUTANTS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_it_was_written),
        cmocka_unit_test(test_nothing_else),
        cmocka_unit_test(test_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
