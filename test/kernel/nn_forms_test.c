// SPDX-License-Identifier: BSD-2-Clause
/* The arithmetic of the in-kernel forms against the reference, in user space: any model, any
 * features. That the kernel runs the same code is parity_test's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "interpreter.h"
#include "nn_emit.h"
#include "nn_kernel.h"
#include "nn_pack.h"
#include "nn_packed.h"
#include "nn_random.h"
#include "nn_reference.h"
#include "nn_splice.h"

enum { MODELS = 240, ROWS = 160 };

static struct verdict packed_verdict(const struct nn_packed *packed, const uint32_t *features)
{
    static struct path_work work;

    memcpy(work.features, features, sizeof(work.features));
    nn_begin(packed, &work);
    while (!nn_is_last(packed, &work))
        nn_hidden_layer(packed, &work);
    nn_output_layer(packed, &work);
    return work.verdict;
}

static struct verdict emitted_verdict(const struct nn_code_buffer *code, struct nn_tables *tables,
                                      const uint32_t *features)
{
    static struct path_work work;

    memcpy(work.features, features, sizeof(work.features));
    interpret(code->instruction, code->count, (struct interpreter_memory){&work, sizeof(work)},
              (struct interpreter_memory){tables, sizeof(*tables)});
    return work.verdict;
}

/* Features as packets have them: generated code counts on the limits of the small ones. */
static void limit(uint32_t *features)
{
    features[FEATURE_SPORT] &= 0xffff;
    features[FEATURE_DPORT] &= 0xffff;
    features[FEATURE_PROTOCOL] &= 0xff;
    features[FEATURE_DIRECTION] &= 1;
    features[FEATURE_MEAN_DIRECTION] %= 65537;
    features[FEATURE_DEV_DIRECTION] %= 65537;
    features[FEATURE_FLAGS_FORWARD] &= 0xff;
    features[FEATURE_FLAGS_BACKWARD] &= 0xff;
    features[FEATURE_PAYLOAD_FORWARD] &= 0xffff;
    features[FEATURE_PAYLOAD_BACKWARD] &= 0xffff;
    for (uint32_t f = FEATURE_INITIATOR_FAILED; f < FEATURES_2; f++)
        features[f] %= 2 * 0xffff + 1; /* two windows of a counter */
    static const enum feature small[] = {FEATURE_INITIATOR_FAILED_SHARE, FEATURE_INITIATOR_PEERS,
                                         FEATURE_INITIATOR_PORTS,        FEATURE_PAIR_PORTS,
                                         FEATURE_RESPONDER_SOURCES,      FEATURE_RESPONDER_NEW};
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        features[small[i]] &= 0xff;
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
        uint32_t features[FEATURES_MAX];

        nn_random_features(random, features, FEATURES_MAX);
        limit(features);
        struct verdict want = nn_classify(model, features, nn_inputs(model));
        struct verdict packed_has = packed_verdict(&packed, features);
        struct verdict emitted_has = emitted_verdict(&code, &tables, features);

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
        nn_random_model(&random, &model, nn_random_set(&random), layers, widths);
        compare(&random, &model);
    }
}

/* Without a model of the set that it was loaded for, a program would read features that nobody
 * wrote. */
static void a_program_takes_models_of_its_set_alone(void **state)
{
    static const uint32_t widths[] = {4, 2};
    struct random random = random_begin("sets");
    static struct nn_model model[2];
    struct path_program *program;
    struct error error;

    (void)state;
    nn_random_model(&random, &model[0], FEATURE_SET_1, 2, widths);
    nn_random_model(&random, &model[1], FEATURE_SET_2, 2, widths);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(nn_kernel_new(&program, NN_FORM_LOOPS, &model[i], &error), 0);
        assert_int_equal(program->feature_set, model[i].feature_set);
        assert_int_equal(program->fill(program, 0, &model[1 - i], &error), -E2BIG);
        assert_non_null(strstr(error.text, "feature set"));
        path_program_free(program);
    }
}

static void wide_networks_are_faster_in_loops(void **state)
{
    static const struct {
        uint32_t set;
        uint32_t widths[3];
        enum nn_form fastest;
    } networks[] = {
        {FEATURE_SET_1, {32, 32, 5}, NN_FORM_SINGLE}, {FEATURE_SET_2, {32, 32, 5}, NN_FORM_SINGLE},
        {FEATURE_SET_1, {64, 32, 5}, NN_FORM_SINGLE}, {FEATURE_SET_2, {64, 32, 5}, NN_FORM_LOOPS},
        {FEATURE_SET_1, {64, 64, 5}, NN_FORM_LOOPS},
    };
    struct random random = random_begin("wide_networks_are_faster_in_loops");

    (void)state;
    for (size_t i = 0; i < sizeof(networks) / sizeof(networks[0]); i++) {
        static struct nn_model model;

        nn_random_model(&random, &model, networks[i].set, 3, networks[i].widths);
        assert_int_equal(nn_kernel_fastest(&model), networks[i].fastest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_agree_on_random_models),
        cmocka_unit_test(a_program_takes_models_of_its_set_alone),
        cmocka_unit_test(wide_networks_are_faster_in_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
