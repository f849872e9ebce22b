// SPDX-License-Identifier: BSD-2-Clause
#include "labels.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "frames.h"
#include "link_layer.h"

#define HEADER                                                                                     \
    "start,end,protocol,source,destination,source_port,destination_port,source_mac,"               \
    "destination_mac,label\n"

static char path[] = "/tmp/labels_testXXXXXX";

static int read_text(struct labels **labels, const char *text, struct error *error)
{
    FILE *file = fopen(path, "w");

    fputs(text, file);
    fclose(file);
    return labels_read(labels, &(struct labels_options){.path = path}, error);
}

/* The label of a test packet; "" for none. */
static const char *label_of(struct labels *labels, uint64_t index, const struct test_packet *test)
{
    uint8_t bytes[TEST_FRAME_SIZE];
    struct frame frame = test_frame(bytes, test, 0);
    struct packet packet;

    assert_int_equal(link_parse(&frame, &packet), PACKET_IP);
    const char *label = labels_find(labels, index, &frame, &packet);
    return label ? label : "";
}

static void one_label_for_all(void **state)
{
    (void)state;
    struct labels *labels = NULL;
    struct error error;

    assert_int_equal(labels_new(&labels, "benign", &error), 0);
    assert_string_equal(label_of(labels, 5, &(struct test_packet){4, 17, 1, 2, 3, 4, 5}), "benign");
    labels_free(labels);
    labels = NULL;
    assert_int_equal(labels_new(&labels, "", &error), -EINVAL);
    assert_int_equal(labels_new(&labels, "a,b", &error), -EINVAL);
    assert_null(labels);
}

static void by_packet_in_any_order(void **state)
{
    (void)state;
    const struct test_packet any = {4, 17, 1, 2, 3, 4, 5};
    struct labels *labels = NULL;
    struct error error;

    assert_int_equal(read_text(&labels, "label,index\nb,7\na,0\nb,9000000000\n", &error), 0);
    assert_string_equal(label_of(labels, 0, &any), "a");
    assert_string_equal(label_of(labels, 7, &any), "b");
    assert_string_equal(label_of(labels, 9000000000, &any), "b");
    assert_string_equal(label_of(labels, 1, &any), "");
    assert_string_equal(label_of(labels, 9000000001, &any), "");
    labels_free(labels);
}

static void each_cell_must_match(void **state)
{
    (void)state;
    /* The packet is 1 → 2, ports 10 → 20, UDP, at 100.5 s. */
    const struct test_packet there = {4, 17, 1, 2, 10, 20, 100500000000};
    const struct test_packet back = {4, 17, 2, 1, 20, 10, 100500000000};
    const struct {
        const char *row;
        bool matches;
    } cases[] = {
        {",,,,,,,,,x", true},
        {"100.5,,,,,,,,,x", true},
        {"100.500000001,,,,,,,,,x", false},
        {",100.5,,,,,,,,x", true},
        {",100.499999999,,,,,,,,x", false},
        {"100,101,,,,,,,,x", true},
        {",,17,,,,,,,x", true},
        {",,6,,,,,,,x", false},
        {",,,10.0.0.1,,,,,,x", true},
        {",,,10.0.0.2,,,,,,x", true}, /* either way round */
        {",,,10.0.0.3,,,,,,x", false},
        {",,,,10.0.0.1,,,,,x", true},
        {",,,10.0.0.1,10.0.0.2,,,,,x", true},
        {",,,10.0.0.2,10.0.0.1,,,,,x", true},
        {",,,10.0.0.1,10.0.0.1,,,,,x", false},
        {",,,,,10,20,,,x", true},
        {",,,,,20,10,,,x", true},
        {",,,,,10,10,,,x", false},
        {",,,10.0.0.1,,20,,,,x", false}, /* the port is the other one's */
        {",,,10.0.0.1,,,20,,,x", true},
        {",,,,,0,,,,x", false},
        {",,,,,,,02:00:00:00:00:01,02:00:00:00:00:02,x", true},
        {",,,,,,,02:00:00:00:00:02,,x", true},
        {",,,,,,,02:00:00:00:00:0A,,x", false},
        {",,,::,,,,,,x", false},
        {"100,101,17,10.0.0.2,10.0.0.1,20,10,02:00:00:00:00:02,02:00:00:00:00:01,x", true},
    };
    struct error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct labels *labels = NULL;
        char text[512];

        snprintf(text, sizeof(text), "%s%s\n", HEADER, cases[i].row);
        assert_int_equal(read_text(&labels, text, &error), 0);
        if (strcmp(label_of(labels, 0, &there), cases[i].matches ? "x" : "") != 0)
            print_error("case %zu: %s\n", i, cases[i].row);
        assert_string_equal(label_of(labels, 0, &there), cases[i].matches ? "x" : "");
        assert_string_equal(label_of(labels, 0, &back), cases[i].matches ? "x" : "");
        labels_free(labels);
    }
}

static void the_first_row_that_matches_wins(void **state)
{
    (void)state;
    struct labels *labels = NULL;
    struct error error;

    assert_int_equal(read_text(&labels,
                               "destination_port,source,end,label\n"
                               "80,,5,early\n"
                               "80,10.0.0.9,,nine\n"
                               "80,,,web\n"
                               ",10.0.0.9,,never\n"
                               ",,,rest\n",
                               &error),
                     0);
    assert_string_equal(label_of(labels, 0, &(struct test_packet){4, 6, 9, 1, 7, 80, 0}), "early");
    assert_string_equal(label_of(labels, 0, &(struct test_packet){4, 6, 9, 1, 7, 80, 6000000000}),
                        "nine");
    assert_string_equal(label_of(labels, 0, &(struct test_packet){4, 6, 8, 1, 7, 80, 6000000000}),
                        "web");
    assert_string_equal(label_of(labels, 0, &(struct test_packet){6, 6, 8, 1, 7, 81, 0}), "rest");
    labels_free(labels);
}

static void looks_for_no_mac_addresses_without_ethernet(void **state)
{
    (void)state;
    struct labels *labels = NULL;
    struct error error;
    uint8_t bytes[TEST_FRAME_SIZE];
    struct frame frame = test_frame(bytes, &(struct test_packet){4, 17, 0, 0, 1, 2, 0}, 0);
    struct packet packet;

    assert_int_equal(
        read_text(&labels, "source_mac,protocol,label\n02:00:00:00:00:00,,mac\n,17,udp\n", &error),
        0);
    assert_int_equal(link_parse(&frame, &packet), PACKET_IP);
    assert_string_equal(labels_find(labels, 0, &frame, &packet), "mac");
    frame.link = LINK_RAW_IP;
    assert_string_equal(labels_find(labels, 0, &frame, &packet), "udp");
    labels_free(labels);
}

/* Thirty thousand rows and as many look-ups must take no time to speak of. */
static void takes_tens_of_thousands_of_rows(void **state)
{
    (void)state;
    struct labels *labels = NULL;
    struct error error;
    FILE *file = fopen(path, "w");

    fputs("protocol,source_port,destination_port,label\n", file);
    for (int i = 0; i < 30000; i++)
        fprintf(file, "17,%d,53,label%d\n", i, i % 200);
    fclose(file);
    assert_int_equal(labels_read(&labels, &(struct labels_options){.path = path}, &error), 0);
    for (uint16_t i = 0; i < 30000; i++) {
        char want[16];

        snprintf(want, sizeof(want), "label%d", i % 200);
        assert_string_equal(label_of(labels, 0, &(struct test_packet){4, 17, 1, 2, 53, i, 0}),
                            want);
    }
    assert_string_equal(label_of(labels, 0, &(struct test_packet){4, 17, 1, 2, 53, 30000, 0}), "");
    labels_free(labels);
}

/* Rows with equal cells and random times, against a walk through all of them. */
static void finds_the_first_of_equal_rows_in_time(void **state)
{
    (void)state;
    enum { ROWS = 300, SPAN = 100 };
    static int start[ROWS], end[ROWS];
    struct labels *labels = NULL;
    struct error error;
    FILE *file = fopen(path, "w");

    srand(7);
    fputs("start,end,source,label\n", file);
    for (int i = 0; i < ROWS; i++) {
        start[i] = rand() % SPAN;
        end[i] = start[i] + rand() % 9 - 1; /* some end before they start */
        fprintf(file, "%d,%d,10.0.0.%d,row%d\n", start[i], end[i], 1 + i % 2, i % 250);
    }
    fclose(file);
    assert_int_equal(labels_read(&labels, &(struct labels_options){.path = path}, &error), 0);
    for (int time = 0; time < SPAN + 10; time++) {
        char want[16] = "";

        for (int i = ROWS - 1; i >= 0; i--) {
            if (i % 2 == 0 && start[i] <= time && time <= end[i])
                snprintf(want, sizeof(want), "row%d", i % 250);
        }
        assert_string_equal(
            label_of(labels, 0,
                     &(struct test_packet){4, 17, 1, 9, 1, 1, (uint64_t)time * 1000000000}),
            want);
    }
    labels_free(labels);
}

/* What a table says of times before 1970, and of packets that have such. */
static void times_before_1970(void **state)
{
    (void)state;
    struct labels *labels = NULL;
    struct error error;

    assert_int_equal(read_text(&labels, "start,end,label\n-10,-5.5,a\n-5,5,b\n", &error), 0);
    assert_string_equal(
        label_of(labels, 0, &(struct test_packet){4, 17, 1, 2, 3, 4, (uint64_t)-6000000000}), "a");
    assert_string_equal(label_of(labels, 0, &(struct test_packet){4, 17, 1, 2, 3, 4, (uint64_t)-1}),
                        "b");
    assert_string_equal(label_of(labels, 0, &(struct test_packet){4, 17, 1, 2, 3, 4, 5000000000}),
                        "b");
    assert_string_equal(
        label_of(labels, 0, &(struct test_packet){4, 17, 1, 2, 3, 4, (uint64_t)-5400000000}), "");
    labels_free(labels);
}

static void says_what_is_wrong_and_where(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"", "is empty"},
        {"index\n", "column 'label' is missing"},
        {"start,end\n", "column 'label' is missing"},
        {"src,label\n", "unknown column 'src'; there are start"},
        {"index,label\n1,a\n1,b\n", "line 3: index 1 stands there twice"},
        {"index,label\nx,a\n", "line 2: column 'index' is 'x'"},
        {"index,label\n1,\n", "line 2: column 'label' is '': not a label"},
        {"source,label\n10.0.0,a\n", "line 2: column 'source' is '10.0.0': not an IPv4"},
        {"protocol,label\ntcp,a\n", "column 'protocol' is 'tcp'"},
        {"protocol,label\n256,a\n", "too large"},
        {"source_port,label\n65536,a\n", "too large"},
        {"source_mac,label\n1:2:3:4:5:6,a\n", "not a MAC address"},
        {"source_mac,label\n01-02-03-04-05-06,a\n", "not a MAC address"},
        {"start,label\n12:00,a\n", "not a time in Unix seconds"},
        {"start,label\n.5,a\n", "not a time in Unix seconds"},
        {"start,label\n123456789012,a\n", "not a time in Unix seconds"},
        {"end,label\n1.5e9,a\n", "not a time in Unix seconds"},
        {"source,label\n10.0.0.1\n", "line 2 has 1 fields"},
    };
    struct labels *labels = NULL;
    struct error error;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(read_text(&labels, cases[i].text, &error), -EINVAL);
        if (!strstr(error.text, cases[i].message))
            print_error("case %zu: %s\n", i, error.text);
        assert_non_null(strstr(error.text, cases[i].message));
    }
    assert_null(labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_label_for_all),
        cmocka_unit_test(by_packet_in_any_order),
        cmocka_unit_test(each_cell_must_match),
        cmocka_unit_test(the_first_row_that_matches_wins),
        cmocka_unit_test(looks_for_no_mac_addresses_without_ethernet),
        cmocka_unit_test(takes_tens_of_thousands_of_rows),
        cmocka_unit_test(finds_the_first_of_equal_rows_in_time),
        cmocka_unit_test(times_before_1970),
        cmocka_unit_test(says_what_is_wrong_and_where),
    };
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
