// SPDX-License-Identifier: BSD-2-Clause
#include "features_csv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NAMES                                                                                      \
    "sport,dport,protocol,length,interval,direction,mean_length,mean_interval,mean_direction,"     \
    "dev_length,dev_interval,dev_direction"
#define HEADER "index," NAMES ",label\n"
#define HEADER_WITH(COLUMNS) NAMES ",label," COLUMNS "\n"
#define ROW "1,2,3,4,5,6,7,8,9,10,11,12"

static char path[] = "/tmp/features_csv_testXXXXXX";

static int read_bytes(struct features_table **table, const char *bytes, size_t size,
                      struct error *error)
{
    FILE *file = fopen(path, "w");

    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    return features_csv_read(table, path, FEATURE_SET_ANY, error);
}

static int read_text(struct features_table **table, const char *text, struct error *error)
{
    return read_bytes(table, text, strlen(text), error);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    const uint32_t features[FEATURES_1] = {0, 65535, 17,    1500, UINT32_MAX, 1,
                                           7, 8,     65536, 10,   11,         12};
    struct features_table *table = NULL;
    struct error error;
    FILE *file = fopen(path, "w");

    features_csv_write_header(file, FEATURE_SET_1, false);
    features_csv_write_row(file, UINT64_MAX, FEATURE_SET_1, features, "benign", NULL);
    features_csv_write_row(file, 7, FEATURE_SET_1, features, "", NULL);
    features_csv_write_row(file, 8, FEATURE_SET_1, features, "benign", NULL);
    fclose(file);
    assert_int_equal(features_csv_read(&table, path, FEATURE_SET_ANY, &error), 0);
    assert_int_equal(table->count, 3);
    assert_true(table->index[0] == UINT64_MAX);
    assert_int_equal(table->index[1], 7);
    assert_int_equal(table->feature_set, FEATURE_SET_1);
    assert_memory_equal(features_table_row(table, 2), features, sizeof(features));
    assert_int_equal(table->label_count, 2);
    assert_string_equal(table->label_name[table->label[0]], "benign");
    assert_string_equal(table->label_name[table->label[1]], "");
    assert_int_equal(table->label[2], table->label[0]);
    assert_null(table->place);
    features_table_free(table);
}

/* Rows of set 2: as many columns, and those of set 1 where only they are wanted. */
static void reads_either_set_by_its_header(void **state)
{
    (void)state;
    uint32_t features[FEATURES_2];
    struct features_table *table = NULL;
    struct error error;
    FILE *file = fopen(path, "w");

    for (uint32_t f = 0; f < FEATURES_2; f++)
        features[f] = 1000 + f;
    features_csv_write_header(file, FEATURE_SET_2, false);
    features_csv_write_row(file, 0, FEATURE_SET_2, features, "a", NULL);
    features_csv_write_row(file, 1, FEATURE_SET_2, features, "b", NULL);
    fclose(file);
    for (uint32_t wanted = FEATURE_SET_ANY; wanted <= FEATURE_SET_2; wanted++) {
        uint32_t set = wanted == FEATURE_SET_1 ? FEATURE_SET_1 : FEATURE_SET_2;

        assert_int_equal(features_csv_read(&table, path, wanted, &error), 0);
        assert_int_equal(table->feature_set, set);
        assert_int_equal(table->count, 2);
        assert_memory_equal(features_table_row(table, 1), features,
                            feature_count(set) * sizeof(*features));
        features_table_free(table);
        table = NULL;
    }
}

/* Set 2 wanted of a file of set 1; a file that has some columns of set 2 and not all. */
static void a_set_has_all_of_its_columns(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;

    assert_int_equal(read_text(&table, HEADER, &error), 0);
    features_table_free(table);
    table = NULL;
    assert_int_equal(features_csv_read(&table, path, FEATURE_SET_2, &error), -EINVAL);
    assert_non_null(strstr(error.text, "column 'flags_forward' is missing: feature set 2"));
    assert_int_equal(read_text(&table, HEADER_WITH("pair_flows"), &error), -EINVAL);
    assert_non_null(strstr(error.text, "column 'flags_forward' is missing"));
    assert_null(table);
}

static void reads_the_places_it_writes(void **state)
{
    (void)state;
    const struct flow_place places[] = {{0, 1}, {UINT64_MAX, UINT64_MAX}, {0, 5}, {7, 2}, {7, 1}};
    const bool last[] = {false, true, true, true, false};
    const uint32_t features[FEATURES_1] = {0};
    struct features_table *table = NULL;
    struct error error;
    bool ends[5];
    FILE *file = fopen(path, "w");

    features_csv_write_header(file, FEATURE_SET_1, true);
    for (uint64_t i = 0; i < 5; i++)
        features_csv_write_row(file, i, FEATURE_SET_1, features, i % 2 ? "a" : "", &places[i]);
    fclose(file);
    assert_int_equal(features_csv_read(&table, path, FEATURE_SET_ANY, &error), 0);
    assert_int_equal(table->count, 5);
    assert_memory_equal(table->place, places, sizeof(places));
    assert_string_equal(table->label_name[table->label[3]], "a");
    assert_int_equal(features_table_flow_ends(table, ends, &error), 0);
    assert_memory_equal(ends, last, sizeof(last));
    features_table_free(table);
}

static void a_packet_has_one_row(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;
    bool ends[4];

    assert_int_equal(read_text(&table,
                               "packet," NAMES ",label,flow\n"
                               "1," ROW ",a,0\n2," ROW ",a,0\n3," ROW ",a,0\n2," ROW ",a,0\n",
                               &error),
                     0);
    assert_int_equal(features_table_flow_ends(table, ends, &error), -EINVAL);
    assert_string_equal(error.text, "line 5: packet 2 of flow 0 stands on line 3 already (rows of "
                                    "several captures need a file each)");
    features_table_free(table);
    table = NULL;
    assert_int_equal(read_text(&table, NAMES ",label,flow,packet\n", &error), 0);
    assert_int_equal(features_table_flow_ends(table, ends, &error), 0); /* none */
    features_table_free(table);
}

static void finds_columns_by_name(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;

    /* A byte order mark, another order, an unknown column, quotes, CR LF, no newline at the end. */
    assert_int_equal(read_text(&table,
                               "\xef\xbb\xbflabel,note," NAMES "\r\n"
                               "\"a b\",\"x, \"\"y\"\"\"," ROW "\r\n"
                               "c,," ROW,
                               &error),
                     0);
    assert_int_equal(table->count, 2);
    assert_string_equal(table->label_name[0], "a b");
    assert_int_equal(table->index[1], 1); /* counted where the file doesn't say */
    assert_int_equal(features_table_row(table, 1)[FEATURE_SPORT], 1);
    assert_int_equal(features_table_row(table, 1)[FEATURE_DEV_DIRECTION], 12);
    features_table_free(table);
}

static void passes_over_lines_without_anything(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;

    assert_int_equal(
        read_text(&table, HEADER "\n0," ROW ",a\n,,,,,,,,,,,,,\n\r\n1," ROW ",b\n\n\n", &error), 0);
    assert_int_equal(table->count, 2);
    assert_int_equal(table->index[1], 1);
    features_table_free(table);
}

static void a_header_alone_is_an_empty_table(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;

    assert_int_equal(read_text(&table, HEADER, &error), 0);
    assert_int_equal(table->count, 0);
    assert_null(table->place);
    features_table_free(table);
    table = NULL;
    assert_int_equal(read_text(&table, HEADER_WITH("flow,packet"), &error), 0);
    assert_int_equal(table->count, 0);
    assert_non_null(table->place);
    features_table_free(table);
}

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "is empty"},
        {"\n", "line 1: column 'sport' is missing"},
        {"index,sport,label\n", "line 1: column 'dport' is missing"},
        {"index," NAMES "\n0," ROW "\n", "line 1: column 'label' is missing"},
        {"index,sport," NAMES ",label\n", "line 1: column 'sport' stands there twice"},
        {HEADER "0," ROW ",a\n0,1,2,three,4,5,6,7,8,9,10,11,12,a\n",
         "line 3: column 'protocol' is 'three': not a whole number"},
        {HEADER "0,1,2,-3,4,5,6,7,8,9,10,11,12,a\n", "line 2: column 'protocol' is '-3'"},
        {HEADER "0,1,2,3.0,4,5,6,7,8,9,10,11,12,a\n", "column 'protocol' is '3.0'"},
        {HEADER "0,1,2, 3,4,5,6,7,8,9,10,11,12,a\n", "column 'protocol' is ' 3'"},
        {HEADER "0,1,2,,4,5,6,7,8,9,10,11,12,a\n", "a number is missing"},
        {HEADER "0,4294967296,2,3,4,5,6,7,8,9,10,11,12,a\n", "the number is too large"},
        {HEADER "0,99999999999999999999999,2,3,4,5,6,7,8,9,10,11,12,a\n", "too large"},
        {HEADER "18446744073709551616," ROW ",a\n", "column 'index'"},
        {HEADER "0," ROW "\n", "line 2 has 13 fields, the header has 14"},
        {HEADER "0," ROW ",a,b\n", "line 2 has 15 fields"},
        {HEADER "0," ROW ",a\n0\n", "line 3 has 1 fields"},
        {HEADER "0," ROW ",\"a\n", "line 2: field 14 has an unclosed quote"},
        {HEADER "0," ROW ",\"a\"b\n", "line 2: field 14 has an unclosed quote"},
        {HEADER "0," ROW ",\"a,b\"\n", "not a label"},
        {HEADER "0," ROW ",a\033b\n", "not a label"},
        {HEADER_WITH("flow"), "line 1: column 'packet' is missing"},
        {HEADER_WITH("packet"), "line 1: column 'flow' is missing"},
        {HEADER_WITH("flow,packet,flow"), "line 1: column 'flow' stands there twice"},
        {HEADER_WITH("flow,packet") ROW ",a,0,1\n" ROW ",a,0,0\n",
         "line 3: column 'packet' is '0': a flow's packets count from 1"},
        {HEADER_WITH("flow,packet") ROW ",a,-1,1\n", "column 'flow' is '-1': not a whole number"},
        {HEADER_WITH("flow,packet") ROW ",a,0,\n", "a number is missing"},
        {HEADER_WITH("flow,packet") ROW ",a,0,18446744073709551616\n", "too large"},
        {"index," NAMES ",label\r0," ROW ",a\r1," ROW ",a\r", "stands there twice"},
        {"index," NAMES ",label\r0," ROW ",a\r", "column 'label' is missing"},
    };
    struct features_table *table = NULL;
    struct error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(&table, cases[i].text, &error), -EINVAL);
        if (!strstr(error.text, cases[i].message))
            print_error("case %zu: %s\n", i, error.text);
        assert_non_null(strstr(error.text, cases[i].message));
        assert_non_null(strstr(error.text, path));
    }
    assert_int_equal(read_bytes(&table, HEADER "0,\0", sizeof(HEADER) + 3, &error), -EINVAL);
    assert_non_null(strstr(error.text, "NUL byte"));
    assert_null(table);
}

static void a_line_has_an_end(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;

    FILE *file = fopen(path, "w");
    for (int i = 0; i < 2 << 20; i++)
        fputc('a', file);
    fclose(file);
    assert_int_equal(features_csv_read(&table, path, FEATURE_SET_ANY, &error), -EINVAL);
    assert_non_null(strstr(error.text, "line 1 is longer than"));
    assert_null(table);
}

static void survives_more_than_it_takes(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;
    char *text = malloc(1 << 20);

    memset(text, ',', 100000); /* 100,001 columns */
    text[100000] = '\0';
    assert_int_equal(read_text(&table, text, &error), -EINVAL);
    assert_non_null(strstr(error.text, "more than 256 fields"));

    char *to = text + sprintf(text, "%s", HEADER);
    for (int i = 0; i <= LABELS_MAX; i++)
        to += sprintf(to, "%d," ROW ",label%d\n", i, i);
    assert_int_equal(read_text(&table, text, &error), -EINVAL);
    assert_non_null(strstr(error.text, "line 258: column 'label' is 'label256': more than 256"));
    free(text);
    assert_null(table);
}

static void names_a_file_that_cannot_be_read(void **state)
{
    (void)state;
    struct features_table *table = NULL;
    struct error error;

    assert_int_equal(
        features_csv_read(&table, "/nonexistent/features.csv", FEATURE_SET_ANY, &error), -ENOENT);
    assert_non_null(strstr(error.text, "/nonexistent/features.csv"));
    assert_int_equal(features_csv_read(&table, "/tmp", FEATURE_SET_ANY, &error), -EISDIR);
    assert_null(table);
}

static void knows_what_a_label_is(void **state)
{
    (void)state;
    char label[80];

    assert_true(features_csv_label_is_valid(""));
    assert_true(features_csv_label_is_valid("BAD-SSH 2"));
    assert_false(features_csv_label_is_valid(" a"));
    assert_false(features_csv_label_is_valid("a "));
    assert_false(features_csv_label_is_valid("a,b"));
    assert_false(features_csv_label_is_valid("a\"b"));
    assert_false(features_csv_label_is_valid("a\nb"));
    assert_false(features_csv_label_is_valid("\xc3\xa4"));
    memset(label, 'a', sizeof(label));
    label[63] = '\0';
    assert_true(features_csv_label_is_valid(label));
    label[63] = 'a';
    label[64] = '\0';
    assert_false(features_csv_label_is_valid(label));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(reads_either_set_by_its_header),
        cmocka_unit_test(a_set_has_all_of_its_columns),
        cmocka_unit_test(reads_the_places_it_writes),
        cmocka_unit_test(a_packet_has_one_row),
        cmocka_unit_test(finds_columns_by_name),
        cmocka_unit_test(passes_over_lines_without_anything),
        cmocka_unit_test(a_header_alone_is_an_empty_table),
        cmocka_unit_test(says_what_is_wrong_and_where),
        cmocka_unit_test(a_line_has_an_end),
        cmocka_unit_test(survives_more_than_it_takes),
        cmocka_unit_test(names_a_file_that_cannot_be_read),
        cmocka_unit_test(knows_what_a_label_is),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
