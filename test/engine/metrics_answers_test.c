// SPDX-License-Identifier: BSD-2-Clause
/* OpenMetrics: how it says what Prometheus's text says, and who is meant to get it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics_answers.h"

#define PROMETHEUS_ACCEPTS                                                                         \
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"       \
    "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"

static void openmetrics_says_it_in_its_own_way(void **state)
{
    (void)state;
    static const char text[] = "# HELP one_total Of a_total kind.\n"
                               "# TYPE one_total counter\n"
                               "one_total{of=\"x,le=\\\"5\\\"\"} 7\n"
                               "# TYPE two gauge\n"
                               "two 1.5\n"
                               "# TYPE three histogram\n"
                               "three_bucket{queue=\"0\",le=\"8\"} 1\n"
                               "three_bucket{le=\"0.25\"} 1\n"
                               "three_bucket{le=\"+Inf\"} 2\n";
    static const char wanted[] = "# HELP one Of a_total kind.\n"
                                 "# TYPE one counter\n"
                                 "one_total{of=\"x,le=\\\"5\\\"\"} 7\n"
                                 "# TYPE two gauge\n"
                                 "two 1.5\n"
                                 "# TYPE three histogram\n"
                                 "three_bucket{queue=\"0\",le=\"8.0\"} 1\n"
                                 "three_bucket{le=\"0.25\"} 1\n"
                                 "three_bucket{le=\"+Inf\"} 2\n"
                                 "# EOF\n";
    size_t length;
    char *made = metrics_open_text(text, strlen(text), &length);

    assert_string_equal(made, wanted);
    assert_int_equal(length, strlen(wanted));
    free(made);
    made = metrics_open_text("", 0, &length);
    assert_string_equal(made, "# EOF\n");
    free(made);
}

static void it_is_for_whom_asks(void **state)
{
    (void)state;
    static const char *const open[] = {
        "application/openmetrics-text",
        PROMETHEUS_ACCEPTS,
        "text/plain;q=0.4, Application/OpenMetrics-Text; version=1.0.0; q=0.5",
    };
    static const char *const plain[] = {
        "",
        "*/*",
        "text/plain",
        ",;,",
        "application/openmetrics-text-not",
        "application/openmetrics-text;q=0,text/plain",
        "application/openmetrics-text;q=0.2,text/plain;q=0.4",
    };

    assert_false(metrics_accepts_open(NULL));
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        assert_true(metrics_accepts_open(open[i]));
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        assert_false(metrics_accepts_open(plain[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openmetrics_says_it_in_its_own_way),
        cmocka_unit_test(it_is_for_whom_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
