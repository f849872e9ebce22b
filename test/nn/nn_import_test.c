// SPDX-License-Identifier: BSD-2-Clause
/* Networks of either feature set from ONNX: what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu.h"
#include "nn.h"
#include "nn_example.h"
#include "nn_onnx.h"
#include "nn_random.h"
#include "nn_reference.h"
#include "nn_teach.h"

static void a_trained_network_agrees_with_its_integers(void **state)
{
    (void)state;
    static struct nn_float network;
    struct import_report report = {0};
    struct q8 *file = NULL;
    struct classifier *classifier = NULL;
    struct verdict verdicts[ROWS];
    struct error error = {""};
    size_t agreeing = 0;

    nn_teach_begin(&network, example.inputs, 3, (const uint32_t[]){WIDTH, WIDTH, CLASSES});
    for (uint32_t step = 0; step < 15 * ROWS; step++)
        nn_teach_row(&network, example.codes[step % ROWS], (uint32_t)example.labels[step % ROWS],
                     0.02);
    nn_teach_round(&network);
    struct buffer graph = nn_onnx_graph(&network);
    struct buffer bytes = nn_onnx_file(&graph, example.code_text, NULL);
    if (nn_example_import(&bytes, CLASSES, &file, &report, &error))
        fail_msg("%s", error.text);
    assert_int_equal(nn_classifier_new(&classifier, file, cpu_levels(), NULL), 0);
    classifier->classify(classifier->model, example.rows, ROWS, verdicts);
    for (size_t r = 0; r < ROWS; r++)
        agreeing += verdicts[r].class_index == nn_float_classify(&network, example.codes[r]);
    assert_int_equal(agreeing, report.agreeing);
    print_message("%s: %zu of %d agree, %zu right\n", report.choice, agreeing, ROWS, report.right);
    assert_true(agreeing * 1000 >= ROWS * 995);
    assert_true(report.right * 100 >= ROWS * 80);
    classifier->destroy(classifier);
    q8_free(file);
}

/* The importer's bytes on any machine and in any build: a change here changes shipped models. */
static void imports_to_the_same_bytes_everywhere(void **state)
{
    (void)state;
    static struct nn_float network;
    struct import_report report = {0};
    struct error error = {""};

    nn_teach_begin(&network, example.inputs, 3, (const uint32_t[]){32, 32, 5});
    for (int16_t *label = example.labels; label < example.labels + ROWS; label++)
        *label = (int16_t)(*label % 4);
    struct q8 *file = NULL;
    struct buffer graph = nn_onnx_graph(&network);
    struct buffer bytes = nn_onnx_file(&graph, example.code_text, NULL);
    uint8_t *encoded = NULL;
    size_t size;

    if (nn_example_import(&bytes, 5, &file, &report, &error))
        fail_msg("%s", error.text);
    assert_int_equal(q8_encode(file, &encoded, &size, NULL), 0);
    print_message("%s, checksum %08x\n", report.choice, file->checksum);
    assert_int_equal(file->checksum,
                     example.feature_set == FEATURE_SET_1 ? 0x016f69bb : 0x9b17ca71);
    free(encoded);
    q8_free(file);
}

/* A random model whose biases a float32 holds exactly. */
static void exact_model(struct random *random, struct nn_model *model)
{
    uint32_t widths[NN_LAYERS_MAX], layers;

    nn_random_shape(random, &layers, widths);
    nn_random_model(random, model, example.feature_set, layers, widths);
    memcpy(model->code, example.tables.code, sizeof(model->code));
    for (uint32_t l = 0; l < layers; l++) {
        for (uint32_t o = 0; o < widths[l]; o++) {
            uint8_t *shift = &model->layers[l].shift[o];

            *shift = *shift > 22 ? 22 : *shift;
            model->layers[l].bias[o] = (int32_t)random_below(random, 1 << 24) - (1 << 23) +
                                       (*shift > 0 ? 1 << (*shift - 1) : 0);
        }
    }
}

static void takes_a_network_in_our_arithmetic_as_it_is(void **state)
{
    (void)state;
    struct random random = random_begin("exact import");
    static struct nn_model model;

    for (int round = 0; round < 20; round++) {
        struct import_report report = {0};
        struct error error = {""};
        struct q8 *file = NULL;
        uint8_t *payload = NULL;
        size_t size;

        exact_model(&random, &model);
        struct buffer bytes = nn_onnx_exact(&model, example.code_text);
        if (nn_example_import(&bytes, model.class_count, &file, &report, &error))
            fail_msg("%s", error.text);
        assert_string_equal(report.choice, "as trained");
        assert_int_equal(nn_model_encode(&model, &payload, &size), 0);
        assert_int_equal(size, file->payload_size);
        assert_memory_equal(payload, file->payload, size);
        free(payload);
        q8_free(file);
    }
}

/* MatMul and Add, Identity and Softmax compute what Gemm alone does. */
static void reads_the_other_ways_to_write_a_layer(void **state)
{
    (void)state;
    static struct nn_float network;
    struct import_report report;
    struct q8 *files[2] = {NULL, NULL};
    float weight[NN_INPUTS_MAX * CLASSES], bias[CLASSES];
    struct buffer graph[2] = {{0}, {0}};

    nn_teach_begin(&network, example.inputs, 1, (const uint32_t[]){CLASSES});
    graph[0] = nn_onnx_graph(&network);
    for (uint32_t o = 0; o < CLASSES; o++) {
        bias[o] = (float)network.layers[0].bias[o];
        for (uint32_t i = 0; i < example.inputs; i++)
            weight[i * CLASSES + o] = (float)network.layers[0].weight[o][i];
    }
    graph_tensor(&graph[1], "w", example.inputs, CLASSES, weight);
    graph_tensor(&graph[1], "b", 1, CLASSES, bias);
    struct buffer nodes[] = {
        node_begin("", "Identity", "input", "same"), node_begin("", "MatMul", "same w", "product"),
        node_begin("", "Add", "b product", "sum"), node_begin("", "Softmax", "sum", "share")};
    for (int i = 0; i < 4; i++)
        put_message(&graph[1], GRAPH_NODE, &nodes[i]);
    graph_value(&graph[1], GRAPH_INPUT, "input", example.inputs);
    graph_value(&graph[1], GRAPH_OUTPUT, "share", CLASSES);
    for (int i = 0; i < 2; i++) {
        struct buffer bytes = nn_onnx_file(&graph[i], example.code_text, NULL);
        struct error error = {""};

        if (nn_example_import(&bytes, CLASSES, &files[i], &report, &error))
            fail_msg("%s", error.text);
    }
    assert_int_equal(files[0]->payload_size, files[1]->payload_size);
    assert_memory_equal(files[0]->payload, files[1]->payload, files[0]->payload_size);
    q8_free(files[0]);
    q8_free(files[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trained_network_agrees_with_its_integers),
        cmocka_unit_test(imports_to_the_same_bytes_everywhere),
        cmocka_unit_test(takes_a_network_in_our_arithmetic_as_it_is),
        cmocka_unit_test(reads_the_other_ways_to_write_a_layer),
    };

    /* Training takes most of the time and differs in nothing. */
    return cmocka_run_group_tests(tests, nn_example_1, nn_example_free) +
           _cmocka_run_group_tests("set 2", tests + 1, sizeof(tests) / sizeof(tests[0]) - 1,
                                   nn_example_2, nn_example_free);
}
