// SPDX-License-Identifier: BSD-2-Clause
/* Every variant equals an independent computation. AFXDP_SEED repeats a run, AFXDP_CPU_MASK leaves
 * variants out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "cpu.h"
#include "nn_agreement.h"
#include "nn_reference.h"

static void the_code_index_is_the_design_pages(void **state)
{
    (void)state;
    uint32_t before = 0;

    for (uint64_t value = 0; value <= UINT32_MAX; value += 1 + (value >> 12)) {
        uint32_t index = nn_code_index((uint32_t)value);

        assert_int_equal(index, nn_index_by_hand((uint32_t)value));
        assert_true(index >= before && index <= before + 1);
        before = index;
    }
    assert_int_equal(nn_code_index(UINT32_MAX), NN_CODES - 1);
}

static void every_variant_equals_the_arithmetic_by_hand(void **state)
{
    (void)state;
    struct random random = random_begin("variants");

    assert_true(nn_agreement_shapes(&random, 300));
}

static void every_variant_finds_the_place_of_every_value(void **state)
{
    (void)state;
    assert_true(nn_agreement_codes(FEATURE_SET_1));
    assert_true(nn_agreement_codes(FEATURE_SET_2));
}

static void says_which_variants_ran(void **state)
{
    (void)state;
    for (size_t v = 0; v < nn_variant_count(); v++)
        printf("%s: %s\n", nn_variant_name(v),
               nn_variant_offered(v, cpu_levels()) ? "tested" : "not offered by this CPU and mask");
    assert_true(nn_variant_offered(0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_code_index_is_the_design_pages),
        cmocka_unit_test(every_variant_equals_the_arithmetic_by_hand),
        cmocka_unit_test(every_variant_finds_the_place_of_every_value),
        cmocka_unit_test(says_which_variants_ran),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
