// SPDX-License-Identifier: BSD-2-Clause
/* Every variant that this CPU offers gives, bit for bit, what an independent computation in wide
 * integers gives: random shapes, extremes, ragged batches. AFXDP_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu.h"
#include "nn_random.h"
#include "nn_reference.h"

enum {
    BATCH_MOST = 200,
};

/* From the design page's words, with none of the code under test. */
static uint32_t index_by_hand(uint32_t value)
{
    uint32_t log = 0;

    if (value < 16)
        return value;
    while (value >> log > 1)
        log++;
    return (log - 3) * 16 + (value >> (log - 4)) % 16;
}

static struct verdict verdict_by_hand(const struct nn_model *model, const struct features *features)
{
    int64_t activations[NN_WIDTH_MAX] = {0}, sums[NN_WIDTH_MAX] = {0};

    for (uint32_t i = 0; i < NN_INPUTS; i++)
        activations[i] = model->code[i][index_by_hand(features->value[i])];
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const struct nn_layer *layer = &model->layers[l];

        for (uint32_t o = 0; o < layer->outputs; o++) {
            sums[o] = layer->bias[o];
            for (uint32_t i = 0; i < layer->inputs; i++)
                sums[o] += layer->weight[o][i] * activations[i];
        }
        for (uint32_t o = 0; o < layer->outputs; o++) {
            activations[o] = sums[o] < 0 ? 0 : sums[o] / (INT64_C(1) << layer->shift[o]);
            activations[o] = activations[o] > 127 ? 127 : activations[o];
        }
    }
    uint32_t best = 0;
    int64_t lead = INT64_MAX;
    for (uint32_t o = 1; o < model->class_count; o++)
        best = sums[o] > sums[best] ? o : best;
    for (uint32_t o = 0; o < model->class_count; o++) {
        if (o != best && sums[best] - sums[o] < lead)
            lead = sums[best] - sums[o];
    }
    lead >>= model->confidence.shift;
    return (struct verdict){(uint16_t)best, model->confidence.step[lead < 255 ? lead : 255]};
}

static void the_code_index_is_the_design_pages(void **state)
{
    (void)state;
    uint32_t before = 0;

    for (uint64_t value = 0; value <= UINT32_MAX; value += 1 + (value >> 12)) {
        uint32_t index = nn_code_index((uint32_t)value);

        assert_int_equal(index, index_by_hand((uint32_t)value));
        assert_true(index >= before && index <= before + 1);
        before = index;
    }
    assert_int_equal(nn_code_index(UINT32_MAX), NN_CODES - 1);
}

static void describe(const struct nn_model *model, const struct features *features)
{
    printf("shape 12");
    for (uint32_t l = 0; l < model->layer_count; l++)
        printf("-%u", model->layers[l].outputs);
    printf(", features");
    for (uint32_t f = 0; f < FEATURE_COUNT; f++)
        printf(" %u", features->value[f]);
    printf("\n");
}

/* Classifies ragged batches and expects verdicts[], and nothing written behind them. */
static void check_variant(struct random *random, const struct classifier *classifier,
                          const struct nn_model *model, const struct features *features,
                          const struct verdict *want)
{
    struct verdict got[BATCH_MOST + 1];

    for (int round = 0; round < 4; round++) {
        size_t count = random_below(random, BATCH_MOST + 1);
        size_t from = random_below(random, (uint32_t)(BATCH_MOST - count) + 1);

        memset(got, 0x5a, sizeof(got));
        classifier->classify(classifier->model, features + from, count, got);
        for (size_t i = 0; i < count; i++) {
            const struct verdict *expected = &want[from + i];

            if (got[i].class_index == expected->class_index &&
                got[i].confidence == expected->confidence)
                continue;
            describe(model, &features[from + i]);
            fail_msg("%s, %zu of %zu: class %u confidence %u, want %u and %u", classifier->variant,
                     i, count, got[i].class_index, got[i].confidence, expected->class_index,
                     expected->confidence);
        }
        assert_int_equal(got[count].class_index, 0x5a5a);
    }
}

static void check_model(struct random *random, const struct nn_model *model)
{
    static struct features features[BATCH_MOST];
    static struct verdict want[BATCH_MOST];

    nn_random_features(random, features, BATCH_MOST);
    for (size_t i = 0; i < BATCH_MOST; i++)
        want[i] = verdict_by_hand(model, &features[i]);
    for (size_t v = 0; v < nn_variant_count(); v++) {
        struct classifier *classifier = NULL;

        if (!nn_variant_offered(v, cpu_levels()))
            continue;
        assert_int_equal(nn_variant_new(&classifier, v, model, NULL), 0);
        check_variant(random, classifier, model, features, want);
        classifier->destroy(classifier);
    }
}

static void every_variant_equals_the_arithmetic_by_hand(void **state)
{
    (void)state;
    struct random random = random_begin("variants");
    static struct nn_model model;

    for (int round = 0; round < 300; round++) {
        uint32_t widths[NN_LAYERS_MAX];
        uint32_t layers;

        nn_random_shape(&random, &layers, widths);
        nn_random_model(&random, &model, layers, widths);
        check_model(&random, &model);
    }
}

static void so_do_the_shipped_shapes(void **state)
{
    (void)state;
    struct random random = random_begin("shipped shapes");
    static struct nn_model model;

    for (uint32_t classes = 2; classes <= 8; classes++) {
        for (uint32_t width = 16; width <= 64; width += 16) {
            nn_random_model(&random, &model, 3, (uint32_t[]){width, width, classes});
            check_model(&random, &model);
        }
    }
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
        cmocka_unit_test(so_do_the_shipped_shapes),
        cmocka_unit_test(says_which_variants_ran),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
