// SPDX-License-Identifier: BSD-2-Clause
/* nn_variants_test without a test framework, for machines that only an emulator offers here. */
#include <stdio.h>

#include "cpu.h"
#include "nn_agreement.h"

int main(void)
{
    struct random random = random_begin("variants");
    bool agrees = nn_agreement_shapes(&random, 20) && nn_agreement_codes(FEATURE_SET_1) &&
                  nn_agreement_codes(FEATURE_SET_2);

    for (size_t v = 0; v < nn_variant_count(); v++)
        printf("%s: %s\n", nn_variant_name(v),
               !nn_variant_offered(v, cpu_levels()) ? "not offered"
               : agrees                             ? "agrees"
                                                    : "see above");
    return agrees ? 0 : 1;
}
