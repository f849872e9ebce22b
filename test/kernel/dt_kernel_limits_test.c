// SPDX-License-Identifier: BSD-2-Clause
/* What user space takes and no program in the kernel does is refused, with both limits named. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <errno.h>
#include <string.h>

#include "dt.h"
#include "dt_kernel.h"
#include "random_models.h"

/* NULL: taken; else what it is refused with. */
static const char *answer(uint32_t trees, uint32_t depth)
{
    static struct error error;
    struct dt_model *model = random_forest(1, FEATURE_SET_1, trees, depth, 5);
    struct path_program *program = NULL;
    int status = dt_kernel_new(&program, model, &error);

    path_program_free(program);
    dt_model_free(model);
    assert_true(status == 0 || status == -E2BIG);
    return status == 0 ? NULL : error.text;
}

static void limits(void **state)
{
    (void)state;
    assert_null(answer(1, 16));
    assert_null(answer(64, 4));
    assert_string_equal(answer(1, 17), "a tree 17 deep: in the kernel it may be up to 16, in user "
                                       "space 24 (--datapath afxdp)");
    assert_string_equal(answer(3, 24), "a tree 24 deep: in the kernel it may be up to 16, in user "
                                       "space 24 (--datapath afxdp)");
    assert_string_equal(answer(65, 4), "a forest of 65 trees: in the kernel it may have up to 64, "
                                       "in user space 1024 (--datapath afxdp)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(limits)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
