// SPDX-License-Identifier: BSD-2-Clause
#include "nn_import.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpu.h"
#include "nn.h"
#include "nn_code.h"
#include "nn_onnx.h"
#include "nn_random.h"
#include "nn_reference.h"
#include "nn_teach.h"

enum {
    ROWS = 3000,
    CLASSES = 4,
    WIDTH = 32,
};

/* Rows of four overlapping kinds, their code and its text. */
static struct features rows[ROWS];
static int16_t labels[ROWS];
static struct nn_code_tables tables;
static char *code_text;
static uint8_t codes[ROWS][NN_INPUTS];

static void make_rows(void)
{
    struct random random = {20240607};

    for (size_t r = 0; r < ROWS; r++) {
        uint32_t kind = random_below(&random, CLASSES);

        labels[r] = (int16_t)kind;
        for (uint32_t f = 0; f < NN_INPUTS; f++) {
            uint32_t scale = 1U << (6 + (kind * 5 + f * 3) % 4);
            rows[r].value[f] = random_below(&random, 8 * scale) * random_below(&random, 8);
        }
    }
    nn_code_make(&tables, rows, ROWS);
    code_text = nn_code_text(&tables);
    for (size_t r = 0; r < ROWS; r++)
        nn_code((const uint8_t(*)[NN_CODES])tables.code, rows[r].value, codes[r]);
}

/* Imports the file, which it frees. */
static int import_file(struct buffer *bytes, uint32_t classes, struct q8 **out,
                       struct import_report *report, struct error *error)
{
    struct import import = {
        .class_count = classes, .features = rows, .labels = labels, .rows = ROWS};
    struct onnx *onnx = NULL;
    int err = onnx_decode(&onnx, bytes->bytes, bytes->size, error);

    for (uint32_t i = 0; i < classes; i++)
        snprintf(import.classes[i].name, sizeof(import.classes[i].name), "class-%u", i);
    import.onnx = onnx;
    if (!err)
        err = nn_import(out, &import, report, error);
    onnx_free(onnx);
    buffer_free(bytes);
    return err;
}

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

    nn_teach_begin(&network, 3, (const uint32_t[]){WIDTH, WIDTH, CLASSES});
    for (uint32_t step = 0; step < 15 * ROWS; step++)
        nn_teach_row(&network, codes[step % ROWS], (uint32_t)labels[step % ROWS], 0.02);
    nn_teach_round(&network);
    struct buffer graph = nn_onnx_graph(&network);
    struct buffer bytes = nn_onnx_file(&graph, code_text, NULL);
    if (import_file(&bytes, CLASSES, &file, &report, &error))
        fail_msg("%s", error.text);
    assert_int_equal(nn_classifier_new(&classifier, file, cpu_levels(), NULL), 0);
    classifier->classify(classifier->model, rows->value, ROWS, verdicts);
    for (size_t r = 0; r < ROWS; r++)
        agreeing += verdicts[r].class_index == nn_float_classify(&network, codes[r]);
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

    nn_teach_begin(&network, 3, (const uint32_t[]){32, 32, 5});
    for (int16_t *label = labels; label < labels + ROWS; label++)
        *label = (int16_t)(*label % 4);
    struct q8 *file = NULL;
    struct buffer graph = nn_onnx_graph(&network);
    struct buffer bytes = nn_onnx_file(&graph, code_text, NULL);
    uint8_t *encoded = NULL;
    size_t size;

    if (import_file(&bytes, 5, &file, &report, &error))
        fail_msg("%s", error.text);
    assert_int_equal(q8_encode(file, &encoded, &size, NULL), 0);
    print_message("%s, checksum %08x\n", report.choice, file->checksum);
    assert_int_equal(file->checksum, 0x509decd3);
    free(encoded);
    q8_free(file);
}

/* A random model whose biases a float32 holds exactly. */
static void exact_model(struct random *random, struct nn_model *model)
{
    uint32_t widths[NN_LAYERS_MAX], layers;

    nn_random_shape(random, &layers, widths);
    nn_random_model(random, model, layers, widths);
    memcpy(model->code, tables.code, sizeof(model->code));
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
        struct buffer bytes = nn_onnx_exact(&model, code_text);
        if (import_file(&bytes, model.class_count, &file, &report, &error))
            fail_msg("%s", error.text);
        assert_string_equal(report.choice, "as trained");
        assert_int_equal(nn_model_encode(&model, &payload, &size), 0);
        assert_int_equal(size, file->payload_size);
        assert_memory_equal(payload, file->payload, size);
        free(payload);
        q8_free(file);
    }
}

static void refused(struct buffer *graph, const char *code, const char *shifts, const char *why)
{
    struct buffer bytes = nn_onnx_file(graph, code, shifts);
    struct import_report report;
    struct error error = {""};
    struct q8 *file = NULL;

    assert_int_equal(import_file(&bytes, CLASSES, &file, &report, &error), -EINVAL);
    assert_null(file);
    if (!strstr(error.text, why))
        fail_msg("'%s' lacks '%s'", error.text, why);
}

/* A 12-32-4 network's graph. */
static struct buffer small_graph(void)
{
    static struct nn_float network;

    nn_teach_begin(&network, 2, (const uint32_t[]){WIDTH, CLASSES});
    return nn_onnx_graph(&network);
}

static void refuses_networks_without_their_code(void **state)
{
    (void)state;
    struct buffer graph = small_graph();

    refused(&graph, NULL, NULL, "a network needs the input code");
    graph = small_graph();
    refused(&graph, "{}", NULL, "input code: 'version' isn't 1");
}

#define ZEROS "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"

static void refuses_shifts_that_do_not_fit_the_numbers(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"7", "isn't a JSON array"},
        {"[]", "isn't a JSON array with one array for each of the 1 layers"},
        {"[[1, 2]]", "entry 0 isn't an array of 32"},
        {"[[31," ZEROS "]]", "entry 0, 0 isn't an integer 0 to 30"},
        {"[[3," ZEROS "]]", "layer 'fc0', output 0"},
        {"[[-1," ZEROS "]]", "entry 0, 0 isn't an integer 0 to 30"},
        {"[[\"1\"," ZEROS "]]", "entry 0, 0 isn't an integer 0 to 30"},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buffer graph = small_graph();

        refused(&graph, code_text, bad[i][0], bad[i][1]);
    }
}

/* Nodes between "input" and "logits" with 12 inputs and 4 outputs. */
struct chain {
    const char *ops[6][3]; /* operator, inputs, output */
    const char *why;
};

static void refuses_by_name_what_it_cannot_represent(void **state)
{
    (void)state;
    static const struct chain chains[] = {
        {{{"Gemm", "input a", "s"}, {"Sigmoid", "s", "h"}, {"Gemm", "h b", "logits"}},
         "node 'n1': operator Sigmoid isn't supported"},
        {{{"Gemm", "input a", "s"}, {"Gemm", "s b", "logits"}},
         "node 'n1': no Relu stands between it and the layer before"},
        {{{"Gemm", "input c", "s"}, {"Relu", "s", "logits"}}, "the last layer has a Relu"},
        {{{"Relu", "input", "h"}, {"Gemm", "h c", "logits"}}, "node 'n0': Relu on the input"},
        {{{"Gemm", "input b", "logits"}}, "node 'n0': 32 inputs, the layer before gives it 12"},
        {{{"Gemm", "input v", "logits"}}, "node 'n0': its weights aren't a float matrix"},
        {{{"Gemm", "input wide", "logits"}}, "node 'n0': 65 outputs, allowed are 1 to 64"},
        {{{"Gemm", "input input", "logits"}}, "goes to 2 nodes"},
        {{{"Gemm", "input c v2", "logits"}}, "node 'n0': its bias isn't a float vector of 4"},
        {{{"Gemm", "input c nothing", "logits"}}, "node 'n0': its bias 'nothing' isn't"},
        {{{"Gemm", "input nothing", "logits"}}, "node 'n0': its weights 'nothing' aren't"},
        {{{"Gemm", "c input", "logits"}}, "node 'n0': the layer's input must be its first"},
        {{{"Gemm", "input", "logits"}}, "node 'n0': Gemm with 1 inputs"},
        {{{"Gemm", "input c", "s"}, {"Add", "s v", "logits"}},
         "node 'n1': Add is supported only behind a MatMul"},
        {{{"Gemm", "input c", "s"}, {"Softmax", "s", "p"}, {"Identity", "p", "logits"}},
         "node 'n2': nothing may follow a Softmax"},
        {{{"Gemm", "input c", "logits"}, {"ArgMax", "logits", "label"}},
         "node 'n1': ArgMax behind the output isn't supported"},
        {{{"Gemm", "input c", "logits"}, {"Relu", "elsewhere", "label"}},
         "1 nodes aren't part of the chain"},
        {{{"Identity", "input", "logits"}}, "the graph has no layer"},
        {{{"Gemm", "input c", "nowhere"}}, "value 'nowhere' goes to 0 nodes"},
        {{{"Gemm", "input huge", "logits"}}, "a weight of 2e+30"},
    };
    static float numbers[65 * WIDTH], huge[CLASSES * NN_INPUTS];

    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++)
        huge[i] = 2e30F;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        struct buffer graph = {0};

        graph_tensor(&graph, "a", WIDTH, NN_INPUTS, numbers);
        graph_tensor(&graph, "b", CLASSES, WIDTH, numbers);
        graph_tensor(&graph, "c", CLASSES, NN_INPUTS, numbers);
        graph_tensor(&graph, "wide", 65, NN_INPUTS, numbers);
        graph_tensor(&graph, "huge", CLASSES, NN_INPUTS, huge);
        graph_tensor(&graph, "v", CLASSES, 0, numbers);
        graph_tensor(&graph, "v2", CLASSES + 1, 0, numbers);
        for (int n = 0; n < 6 && chains[i].ops[n][0]; n++) {
            char name[16];
            snprintf(name, sizeof(name), "n%d", n);
            struct buffer node =
                node_begin(name, chains[i].ops[n][0], chains[i].ops[n][1], chains[i].ops[n][2]);
            if (strcmp(chains[i].ops[n][0], "Gemm") == 0)
                node_int(&node, "transB", 1);
            put_message(&graph, GRAPH_NODE, &node);
        }
        graph_value(&graph, GRAPH_INPUT, "input", NN_INPUTS);
        graph_value(&graph, GRAPH_OUTPUT, "logits", CLASSES);
        refused(&graph, code_text, NULL, chains[i].why);
    }
}

static void refuses_attributes_inputs_and_outputs_of_another_kind(void **state)
{
    (void)state;
    static const float numbers[CLASSES * NN_INPUTS];
    static const char *const whys[] = {"node 'fc': transA isn't supported",
                                       "node 'fc': attribute 'broadcast' of Gemm isn't supported",
                                       "node 'fc': alpha or beta is out of bounds",
                                       "input 'input' isn't of shape [N, 12]",
                                       "1 inputs and 2 outputs",
                                       "4 outputs for 3 classes"};

    for (int i = 0; i < 5; i++) {
        struct buffer graph = {0}, node = node_begin("fc", "Gemm", "input c", "logits");

        graph_tensor(&graph, "c", CLASSES, NN_INPUTS, numbers);
        node_int(&node, "transB", 1);
        if (i == 0)
            node_int(&node, "transA", 1);
        if (i == 1)
            node_int(&node, "broadcast", 1);
        if (i == 2)
            node_float(&node, "alpha", 1e9F);
        put_message(&graph, GRAPH_NODE, &node);
        graph_value(&graph, GRAPH_INPUT, "input", i == 3 ? 13 : NN_INPUTS);
        graph_value(&graph, GRAPH_OUTPUT, "logits", CLASSES);
        if (i == 4)
            graph_value(&graph, GRAPH_OUTPUT, "again", CLASSES);
        refused(&graph, code_text, NULL, whys[i]);
    }
}

/* MatMul and Add, Identity and Softmax compute what Gemm alone does. */
static void reads_the_other_ways_to_write_a_layer(void **state)
{
    (void)state;
    static struct nn_float network;
    struct import_report report;
    struct q8 *files[2] = {NULL, NULL};
    float weight[NN_INPUTS * CLASSES], bias[CLASSES];
    struct buffer graph[2] = {{0}, {0}};

    nn_teach_begin(&network, 1, (const uint32_t[]){CLASSES});
    graph[0] = nn_onnx_graph(&network);
    for (uint32_t o = 0; o < CLASSES; o++) {
        bias[o] = (float)network.layers[0].bias[o];
        for (uint32_t i = 0; i < NN_INPUTS; i++)
            weight[i * CLASSES + o] = (float)network.layers[0].weight[o][i];
    }
    graph_tensor(&graph[1], "w", NN_INPUTS, CLASSES, weight);
    graph_tensor(&graph[1], "b", 1, CLASSES, bias);
    struct buffer nodes[] = {
        node_begin("", "Identity", "input", "same"), node_begin("", "MatMul", "same w", "product"),
        node_begin("", "Add", "b product", "sum"), node_begin("", "Softmax", "sum", "share")};
    for (int i = 0; i < 4; i++)
        put_message(&graph[1], GRAPH_NODE, &nodes[i]);
    graph_value(&graph[1], GRAPH_INPUT, "input", NN_INPUTS);
    graph_value(&graph[1], GRAPH_OUTPUT, "share", CLASSES);
    for (int i = 0; i < 2; i++) {
        struct buffer bytes = nn_onnx_file(&graph[i], code_text, NULL);
        struct error error = {""};

        if (import_file(&bytes, CLASSES, &files[i], &report, &error))
            fail_msg("%s", error.text);
    }
    assert_int_equal(files[0]->payload_size, files[1]->payload_size);
    assert_memory_equal(files[0]->payload, files[1]->payload, files[0]->payload_size);
    q8_free(files[0]);
    q8_free(files[1]);
}

static int set_up(void **state)
{
    (void)state;
    make_rows();
    return code_text ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(code_text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trained_network_agrees_with_its_integers),
        cmocka_unit_test(imports_to_the_same_bytes_everywhere),
        cmocka_unit_test(takes_a_network_in_our_arithmetic_as_it_is),
        cmocka_unit_test(refuses_networks_without_their_code),
        cmocka_unit_test(refuses_shifts_that_do_not_fit_the_numbers),
        cmocka_unit_test(refuses_by_name_what_it_cannot_represent),
        cmocka_unit_test(refuses_attributes_inputs_and_outputs_of_another_kind),
        cmocka_unit_test(reads_the_other_ways_to_write_a_layer),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
