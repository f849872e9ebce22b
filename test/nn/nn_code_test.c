// SPDX-License-Identifier: BSD-2-Clause
#include "nn_code.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn_random.h"
#include "nn_reference.h"

/* One feature's table by the words of docs/onnx.md, row by row instead of by counts. */
static void table_by_hand(uint8_t code[NN_CODES], const uint32_t *values, size_t count)
{
    double raw[NN_CODES];
    double low = 2, high = -1, held = -1;
    size_t seen = 0, place = 0;

    for (uint32_t i = 0; i < NN_CODES; i++) {
        for (size_t r = 0; r < count; r++) {
            if (nn_code_index(values[r]) == i) {
                seen++;
                break;
            }
        }
    }
    for (uint32_t i = 0; i < NN_CODES; i++) {
        size_t below = 0, here = 0;

        for (size_t r = 0; r < count; r++) {
            below += nn_code_index(values[r]) < i;
            here += nn_code_index(values[r]) == i;
        }
        if (here > 0) {
            double rank = ((double)below + (double)here / 2) / (double)count;
            held = (rank + (double)place++ / (double)(seen > 1 ? seen - 1 : 1)) / 2;
            low = held < low ? held : low;
            high = held > high ? held : high;
        }
        raw[i] = held;
    }
    for (uint32_t i = 0; i < NN_CODES; i++) {
        double part = high > low && raw[i] > low ? (raw[i] - low) / (high - low) : 0;
        code[i] = (uint8_t)(part * 127 + 0.5);
    }
}

static void check_tables(struct random *random, uint32_t feature_set)
{
    enum { ROWS = 300 };
    static uint32_t rows[ROWS * FEATURES_MAX];
    static struct nn_code_tables tables;
    uint32_t width = feature_count(feature_set);
    uint32_t values[ROWS];
    uint8_t want[NN_CODES];

    nn_random_features(random, rows, (size_t)ROWS * width);
    for (size_t r = 0; r < ROWS; r++) {
        rows[r * width + 3] = 1500; /* a constant feature */
        rows[r * width + 5] = r % 7 == 0;
    }
    nn_code_make(&tables, feature_set, rows, ROWS);
    assert_int_equal(tables.feature_set, feature_set);
    for (uint32_t f = 0; f < width; f++) {
        for (size_t r = 0; r < ROWS; r++)
            values[r] = rows[r * width + f];
        table_by_hand(want, values, ROWS);
        assert_memory_equal(tables.code[f], want, NN_CODES);
        for (uint32_t i = 1; i < NN_CODES; i++)
            assert_true(tables.code[f][i] >= tables.code[f][i - 1]);
    }
    assert_int_equal(tables.code[3][NN_CODES - 1], 0);
    assert_int_equal(tables.code[5][0], 0);
    assert_int_equal(tables.code[5][1], 127);
    assert_int_equal(tables.code[0][NN_CODES - 1], 127);
}

static void makes_the_tables_of_the_contract(void **state)
{
    (void)state;
    struct random random = random_begin("code");

    check_tables(&random, FEATURE_SET_1);
    check_tables(&random, FEATURE_SET_2);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    static uint32_t rows[200 * FEATURES_MAX];
    struct random random = random_begin("code text");

    nn_random_features(&random, rows, 200 * FEATURES_MAX);
    for (uint32_t set = FEATURE_SET_1; set <= FEATURE_SET_2; set++) {
        struct nn_code_tables tables = {0}, again = {0};

        nn_code_make(&tables, set, rows, 200);
        char *text = nn_code_text(&tables);
        assert_non_null(text);
        assert_int_equal(nn_code_parse(&again, text, NULL), 0);
        assert_memory_equal(&tables, &again, sizeof(tables));
        free(text);
    }
}

/* The text of good tables with `from` replaced once by `to`. */
static void refused(const char *from, const char *to, const char *why)
{
    static const struct nn_code_tables zeros;
    static struct nn_code_tables tables;
    struct error error = {""};
    char *text = nn_code_text(&zeros);
    char *at = strstr(text, from);
    char *bad = NULL;

    assert_non_null(at);
    assert_true(asprintf(&bad, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
    assert_int_equal(nn_code_parse(&tables, bad, &error), -EINVAL);
    if (!strstr(error.text, why))
        fail_msg("'%s' lacks '%s'", error.text, why);
    free(text);
    free(bad);
}

static void refuses_what_is_no_input_code(void **state)
{
    (void)state;
    refused("{", "", "line 1");
    refused("{", "[{", "line 1");
    refused("\"version\":1", "\"version\":2", "'version' isn't 1");
    refused("\"sport\"", "\"dport\"", "feature 0 isn't sport");
    refused("\"sport\",", "", "aren't arrays of 12 or of 28");
    refused("[[0,", "[[0,0,", "table of sport isn't an array of 464");
    refused("[[0,", "[[", "table of sport isn't an array of 464");
    refused("[[0,", "[[1,", "table of sport: entry 1 is below");
    refused("[[0,", "[[128,", "entry 0 isn't an integer 0 to 127");
    refused("[[0,", "[[-1,", "entry 0 isn't an integer 0 to 127");
    refused("[[0,", "[[0.0,", "entry 0 isn't an integer 0 to 127");
    refused("[[0,", "[[\"0\",", "entry 0 isn't an integer 0 to 127");
    refused("[[0,", "[[99999999999999999999,", "line 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_the_tables_of_the_contract),
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(refuses_what_is_no_input_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
