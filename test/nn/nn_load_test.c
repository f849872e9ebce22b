// SPDX-License-Identifier: BSD-2-Clause
/* Hostile payloads: each thing that nn_model_load promises to check, broken by itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu.h"
#include "nn_layout.h"
#include "nn_random.h"

static const uint32_t widths[3] = {5, 4, 3};

/* Where things stand in the payload of a 12-5-4-3 model. */
enum {
    LAYER_0 = sizeof(struct nn_payload_header) + FEATURES_1 * NN_CODES,
    LAYER_0_SHIFT = LAYER_0 + 8 + 4 * 5,
    LAYER_0_WEIGHT = LAYER_0_SHIFT + 5,
    LAYER_1 = LAYER_0_WEIGHT + 12 * 5,
    LAYER_2 = LAYER_1 + 8 + 4 * 4 + 4 + 5 * 4,
    LAYER_2_SHIFT = LAYER_2 + 8 + 4 * 3,
    END = LAYER_2_SHIFT + 3 + 4 * 3,
};

struct fixture {
    struct q8 *file;
    struct nn_model model;
};

static int set_up(void **state)
{
    struct random random = {7};
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    nn_random_model(&random, &fixture->model, FEATURE_SET_1, 3, widths);
    fixture->file = nn_random_file(&random, &fixture->model, 4);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    nn_random_file_free(fixture->file);
    free(fixture);
    return 0;
}

/* Of set 2, whose payload has as many more code tables. */
static void reads_networks_of_the_other_set(void **state)
{
    (void)state;
    struct random random = random_begin("set 2");
    static struct nn_model model;
    struct nn_model *again = NULL;
    struct error error = {""};

    nn_random_model(&random, &model, FEATURE_SET_2, 3, widths);
    struct q8 *file = nn_random_file(&random, &model, 4);
    assert_int_equal(file->payload_size, END + (FEATURES_2 - FEATURES_1) * (NN_CODES + 5));
    assert_int_equal(nn_model_load(&again, file, &error), 0);
    assert_memory_equal(again, &model, sizeof(model));
    free(again);
    file->feature_set = FEATURE_SET_1;
    assert_int_equal(nn_model_load(&again, file, &error), -EINVAL);
    nn_random_file_free(file);
}

static void reads_what_it_writes(void **state)
{
    struct fixture *fixture = *state;
    struct nn_model *model = NULL;
    struct error error = {""};

    assert_int_equal(fixture->file->payload_size, END);
    assert_int_equal(nn_model_load(&model, fixture->file, &error), 0);
    assert_memory_equal(model, &fixture->model, sizeof(*model));
    free(model);
}

/* Loads the first `size` bytes with `bytes` written at `at`, from exactly as much memory. */
static void refused(const struct fixture *fixture, size_t size, size_t at, const void *bytes,
                    size_t length, const char *why)
{
    struct nn_model *untouched = (void *)(uintptr_t)fixture;
    struct nn_model *model = untouched;
    struct q8 file = *fixture->file;
    struct error error = {""};
    uint8_t *payload = malloc(size + 1);

    memcpy(payload, file.payload, size < file.payload_size ? size : file.payload_size);
    if (size > file.payload_size)
        memset(payload + file.payload_size, 0, size - file.payload_size);
    memcpy(payload + at, bytes, length);
    file.payload = payload;
    file.payload_size = size;
    if (nn_model_load(&model, &file, &error) != -EINVAL)
        fail_msg("accepted, should say '%s'", why);
    assert_ptr_equal(model, untouched);
    if (!strstr(error.text, why))
        fail_msg("'%s' lacks '%s'", error.text, why);
    free(payload);
}

static void byte_refused(const struct fixture *fixture, size_t at, uint8_t byte, const char *why)
{
    refused(fixture, END, at, &byte, 1, why);
}

static void word_refused(const struct fixture *fixture, size_t at, uint32_t word, const char *why)
{
    refused(fixture, END, at, &word, sizeof(word), why);
}

static void refuses_every_truncation_and_trailing_bytes(void **state)
{
    for (size_t size = 0; size < END; size++)
        refused(*state, size, 0, "", 0, "ends within");
    refused(*state, END + 1, 0, "", 0, "1 bytes follow the last layer");
}

static void refuses_a_header_that_lies(void **state)
{
    word_refused(*state, 0, 0, "0 layers");
    word_refused(*state, 0, 9, "9 layers");
    word_refused(*state, 0, UINT32_MAX, "4294967295 layers");
    word_refused(*state, 4, 463, "463 entries");
    byte_refused(*state, 8, 1, "reserved");
    byte_refused(*state, 15, 128, "reserved");
}

static void refuses_code_tables_that_decrease_or_exceed(void **state)
{
    struct fixture *fixture = *state;
    static const uint8_t down[2] = {3, 2};

    memset((uint8_t *)(uintptr_t)fixture->file->payload + 16, 5, FEATURES_1 * NN_CODES);
    byte_refused(fixture, 16 + 11 * NN_CODES + 463, 128, "code table 11, entry 463 is 128");
    refused(fixture, END, 16 + 2 * NN_CODES, down, 2, "code table 2, entry 1 is below");
}

static void refuses_shapes_that_do_not_chain(void **state)
{
    word_refused(*state, LAYER_0, 11, "layer 0 has 11 inputs, the feature set gives it 12");
    word_refused(*state, LAYER_1, 6, "layer 1 has 6 inputs, the layer before gives it 5");
    word_refused(*state, LAYER_0 + 4, 0, "layer 0 has 0 outputs");
    word_refused(*state, LAYER_0 + 4, 65, "layer 0 has 65 outputs");
    word_refused(*state, LAYER_2 + 4, 4, "the last layer has 4 outputs for 3 classes");
}

static void refuses_numbers_out_of_range(void **state)
{
    byte_refused(*state, LAYER_0_SHIFT + 3, 32, "layer 0, output 3: shift 32 is above 31");
    byte_refused(*state, LAYER_2_SHIFT + 2, 1, "the last layer has no shift");
    byte_refused(*state, LAYER_0_WEIGHT + 14, 0x80, "layer 0, output 1: weight 2 is -128");
}

/* The bias of the first neuron may be `edge`, but not `beyond`. */
static void edge_is(struct fixture *fixture, int32_t edge, int32_t beyond)
{
    struct nn_model *model = NULL;

    memcpy((uint8_t *)(uintptr_t)fixture->file->payload + LAYER_0 + 8, &edge, sizeof(edge));
    assert_int_equal(nn_model_load(&model, fixture->file, NULL), 0);
    free(model);
    word_refused(fixture, LAYER_0 + 8, (uint32_t)beyond, "can overflow");
}

static void proves_that_no_sum_overflows(void **state)
{
    struct fixture *fixture = *state;
    int32_t room = INT32_MAX;

    for (uint32_t i = 0; i < FEATURES_1; i++)
        room -= abs(fixture->model.layers[0].weight[0][i]) * NN_ACTIVATION_MAX;
    edge_is(fixture, room, room + 1);
    edge_is(fixture, -room, -room - 1);
    word_refused(fixture, LAYER_0 + 8, UINT32_C(1) << 31, "can overflow");
}

static void refuses_a_model_of_another_kind(void **state)
{
    struct fixture *fixture = *state;
    struct nn_model *model = NULL;

    fixture->file->kind = Q8_DT;
    assert_int_equal(nn_model_load(&model, fixture->file, NULL), -EINVAL);
}

static void runs_the_golden_vectors_before_it_gives_a_classifier(void **state)
{
    struct fixture *fixture = *state;
    struct classifier *classifier = NULL;
    struct error error = {""};
    struct q8_golden *golden = (void *)(uintptr_t)fixture->file->golden;

    assert_int_equal(nn_classifier_new(&classifier, fixture->file, cpu_levels(), &error), 0);
    assert_string_equal(classifier->kind, "nn");
    classifier->destroy(classifier);
    golden[3].verdict.confidence ^= 1;
    classifier = NULL;
    assert_int_equal(nn_classifier_new(&classifier, fixture->file, cpu_levels(), &error), -EBADMSG);
    assert_null(classifier);
    assert_non_null(strstr(error.text, "golden vector 3"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reads_what_it_writes),
        cmocka_unit_test(reads_networks_of_the_other_set),
        CASE(refuses_every_truncation_and_trailing_bytes),
        CASE(refuses_a_header_that_lies),
        CASE(refuses_code_tables_that_decrease_or_exceed),
        CASE(refuses_shapes_that_do_not_chain),
        CASE(refuses_numbers_out_of_range),
        CASE(proves_that_no_sum_overflows),
        CASE(refuses_a_model_of_another_kind),
        CASE(runs_the_golden_vectors_before_it_gives_a_classifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
