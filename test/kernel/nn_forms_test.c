// SPDX-License-Identifier: BSD-2-Clause
/* The arithmetic of the in-kernel forms against the reference, in user space: any model, any
 * features. That the kernel runs the same code is parity_test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "interpreter.h"
#include "nn_emit.h"
#include "nn_pack.h"
#include "nn_packed.h"
#include "nn_random.h"
#include "nn_reference.h"
#include "nn_splice.h"

enum { MODELS = 300, ROWS = 200 };

static struct verdict packed_verdict(const struct nn_packed *packed,
                                     const struct features *features)
{
    static struct path_work work;

    work.features = *features;
    nn_begin(packed, &work);
    while (!nn_is_last(packed, &work))
        nn_hidden_layer(packed, &work);
    nn_output_layer(packed, &work);
    return work.verdict;
}

static struct verdict emitted_verdict(const struct nn_code_buffer *code, struct nn_tables *tables,
                                      const struct features *features)
{
    static struct path_work work;

    work.features = *features;
    interpret(code->instruction, code->count, (struct interpreter_memory){&work, sizeof(work)},
              (struct interpreter_memory){tables, sizeof(*tables)});
    return work.verdict;
}

/* Features as packets have them: generated code counts on the limits of the small ones. */
static void limit(struct features *features)
{
    features->value[FEATURE_SPORT] &= 0xffff;
    features->value[FEATURE_DPORT] &= 0xffff;
    features->value[FEATURE_PROTOCOL] &= 0xff;
    features->value[FEATURE_DIRECTION] &= 1;
    features->value[FEATURE_MEAN_DIRECTION] %= 65537;
    features->value[FEATURE_DEV_DIRECTION] %= 65537;
}

static void compare(struct random *random, const struct nn_model *model)
{
    static struct nn_packed packed;
    static struct nn_tables tables;
    struct nn_code_buffer code;

    nn_pack(&packed, model);
    nn_tables_fill(&tables, model);
    assert_int_equal(nn_emit(&code, model, 0, NN_SPLICE_STACK), 0);
    for (int i = 0; i < ROWS; i++) {
        struct features features;

        nn_random_features(random, &features, 1);
        limit(&features);
        struct verdict want = nn_classify(model, features.value);
        struct verdict packed_has = packed_verdict(&packed, &features);
        struct verdict emitted_has = emitted_verdict(&code, &tables, &features);

        assert_int_equal(packed_has.class_index, want.class_index);
        assert_int_equal(packed_has.confidence, want.confidence);
        assert_int_equal(emitted_has.class_index, want.class_index);
        assert_int_equal(emitted_has.confidence, want.confidence);
    }
    free(code.instruction);
}

static void all_forms_agree_on_random_models(void **state)
{
    struct random random = random_begin("all_forms_agree_on_random_models");

    (void)state;
    for (int i = 0; i < MODELS; i++) {
        static struct nn_model model;
        uint32_t widths[NN_LAYERS_MAX];
        uint32_t layers;

        nn_random_shape(&random, &layers, widths);
        nn_random_model(&random, &model, layers, widths);
        compare(&random, &model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_agree_on_random_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
