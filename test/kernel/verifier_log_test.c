// SPDX-License-Identifier: BSD-2-Clause
/* The line that matters of a verifier's log, whatever the kernel puts behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "verifier_log.h"

/* As kernel 7.3 wrote it, shortened in the middle. */
static const char report[] =
    "0: R1=ctx() R10=fp0\n"
    "160: (0f) r9 += r7\n"
    "\n"
    "Verification failed: Memory Safety: Access outside bounds\n"
    "\n"
    "Reason:\n"
    "  The verifier cannot prove offset + access_size <= object_size. Here, the maximal bound for "
    "a\n"
    "  memory access is 18446744073709551615 and exceeds maximum allowed offset of 536870912. R9 "
    "is\n"
    "  map_value; offset is variable; access_size is 1; object_size is 1472.\n"
    "\n"
    "At:\n"
    "  afxdp_nn_layer @ nn_packed.h:49:35\n"
    "  Source context:\n"
    "  >>> 49 |             uint64_t activation = row[i + k];\n"
    "\n"
    "Causal path:\n"
    "  afxdp_nn_layer @ path.bpf.h:82:12\n"
    "\n"
    "Suggestion:\n"
    "  Add or adjust a bounds check that proves offset + access_size stays within the object.\n"
    "\n"
    "processed 110 insns (limit 1000000) max_states_per_insn 0 total_states 4 peak_states 4\n";

static void a_report_gives_what_where_and_why(void **state)
{
    char line[384];

    (void)state;
    verifier_log_reason(line, sizeof(line), report);
    assert_string_equal(
        line, "Memory Safety: Access outside bounds | afxdp_nn_layer @ nn_packed.h:49:35 | The "
              "verifier cannot prove offset + access_size <= object_size. Here, the maximal bound "
              "for a memory access is 18446744073709551615 and exceeds maximum allowed offset of "
              "536870912. R9 is map_value; offset is variable; acc");
}

static void an_older_log_gives_its_last_lines(void **state)
{
    char line[384];

    (void)state;
    verifier_log_reason(line, sizeof(line),
                        "128: (0f) r5 += r6\n"
                        "invalid access to map value, value_size=1472 off=2608 size=8\n"
                        "R5 max value is outside of the allowed memory range\n\n"
                        "processed 129 insns (limit 1000000)\n");
    assert_string_equal(line, "invalid access to map value, value_size=1472 off=2608 size=8 | R5 "
                              "max value is outside of the allowed memory range | processed 129 "
                              "insns (limit 1000000)");
}

static void advice_is_left_out(void **state)
{
    char line[384];

    (void)state;
    verifier_log_reason(line, sizeof(line),
                        "R2 offset is outside of the packet\n\nSuggestion:\n  Check it.\n\n"
                        "processed 129 insns\n");
    assert_string_equal(line, "R2 offset is outside of the packet");
}

static void what_does_not_fit_is_cut(void **state)
{
    char line[16];
    char empty[16] = "before";

    (void)state;
    verifier_log_reason(line, sizeof(line), report);
    assert_string_equal(line, "Memory Safety: ");
    verifier_log_reason(empty, sizeof(empty), "");
    assert_string_equal(empty, "");
    verifier_log_reason(empty, sizeof(empty), "Verification failed:");
    assert_string_equal(empty, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_gives_what_where_and_why),
        cmocka_unit_test(an_older_log_gives_its_last_lines),
        cmocka_unit_test(advice_is_left_out),
        cmocka_unit_test(what_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
