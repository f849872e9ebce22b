// SPDX-License-Identifier: BSD-2-Clause
/* Networks that have no integer model, each refused for that very reason. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn_example.h"
#include "nn_onnx.h"
#include "nn_teach.h"

static void refused(struct buffer *graph, const char *code, const char *shifts, const char *why)
{
    struct buffer bytes = nn_onnx_file(graph, code, shifts);
    struct import_report report;
    struct error error = {""};
    struct q8 *file = NULL;

    assert_int_equal(nn_example_import(&bytes, CLASSES, &file, &report, &error), -EINVAL);
    assert_null(file);
    if (!strstr(error.text, why))
        fail_msg("'%s' lacks '%s'", error.text, why);
}

/* A 12-32-4 network's graph. */
static struct buffer small_graph(void)
{
    static struct nn_float network;

    nn_teach_begin(&network, example.inputs, 2, (const uint32_t[]){WIDTH, CLASSES});
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

/* A code of twelve features for a network of 28. */
static void refuses_the_code_of_another_set(void **state)
{
    (void)state;
    static const struct nn_code_tables other = {.feature_set = FEATURE_SET_1};
    struct buffer graph = small_graph();
    char *text = nn_code_text(&other);

    refused(&graph, text, NULL, "the input code is of feature set 1, the network of 2");
    free(text);
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

        refused(&graph, example.code_text, bad[i][0], bad[i][1]);
    }
}

/* Nodes between "input" and "logits" with 12 inputs and 4 outputs. */
struct chain {
    const char *ops[6][3]; /* operator, example.inputs, output */
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
        {{{"Gemm", "input c", "s"}, {"Add", "s v2", "logits"}},
         "node 'n1': its constant isn't a float vector of 4"},
        {{{"Gemm", "input c", "s"}, {"Add", "s nothing", "logits"}},
         "node 'n1': its constant 'nothing' isn't an initialiser"},
        {{{"Gemm", "input c", "s"}, {"Log", "s", "logits"}},
         "node 'n1': Log behind a layer isn't supported"},
        {{{"Gemm", "input c", "s"}, {"Softmax", "s", "p"}, {"Relu", "p", "logits"}},
         "node 'n2': operator Relu isn't supported behind the model"},
        {{{"Gemm", "input c", "logits"}, {"ArgMax", "logits", "label"}},
         "node 'n1': axis 0 isn't the classes'"},
        {{{"Gemm", "input c", "logits"}, {"Relu", "elsewhere", "label"}},
         "node 'n1': Relu isn't part of the way from input to output"},
        {{{"Tan", "input", "s"}, {"Gemm", "s c", "logits"}},
         "node 'n0': operator Tan isn't supported: a network is a chain"},
        {{{"Div", "v input", "s"}, {"Gemm", "s c", "logits"}},
         "node 'n0': a division by the input isn't supported"},
        {{{"Div", "input zero", "s"}, {"Gemm", "s c", "logits"}},
         "node 'n0': it divides column 0 by 0"},
        {{{"Identity", "input", "logits"}}, "the graph has no layer"},
        {{{"Gemm", "input c", "nowhere"}}, "output 'logits' isn't scores, a label or a map"},
        {{{"Gemm", "input huge", "logits"}}, "a weight of 2e+30"},
    };
    static float numbers[65 * WIDTH], huge[CLASSES * NN_INPUTS_MAX];

    for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++)
        huge[i] = 2e30F;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        struct buffer graph = {0};

        graph_tensor(&graph, "a", WIDTH, example.inputs, numbers);
        graph_tensor(&graph, "b", CLASSES, WIDTH, numbers);
        graph_tensor(&graph, "c", CLASSES, example.inputs, numbers);
        graph_tensor(&graph, "wide", 65, example.inputs, numbers);
        graph_tensor(&graph, "huge", CLASSES, example.inputs, huge);
        graph_tensor(&graph, "v", CLASSES, 0, numbers);
        graph_tensor(&graph, "zero", 1, 0, numbers);
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
        graph_value(&graph, GRAPH_INPUT, "input", example.inputs);
        graph_value(&graph, GRAPH_OUTPUT, "logits", CLASSES);
        refused(&graph, example.code_text, NULL, chains[i].why);
    }
}

static void refuses_attributes_inputs_and_outputs_of_another_kind(void **state)
{
    (void)state;
    static const float numbers[CLASSES * NN_INPUTS_MAX];
    static const char *const whys[] = {"node 'fc': transA isn't supported",
                                       "node 'fc': attribute 'broadcast' of Gemm isn't supported",
                                       "node 'fc': alpha or beta is out of bounds",
                                       "input 'input' isn't of shape [N, 12]",
                                       "output 'again' isn't scores, a label or a map",
                                       "4 outputs for 3 classes"};

    for (int i = 0; i < 5; i++) {
        struct buffer graph = {0}, node = node_begin("fc", "Gemm", "input c", "logits");

        graph_tensor(&graph, "c", CLASSES, example.inputs, numbers);
        node_int(&node, "transB", 1);
        if (i == 0)
            node_int(&node, "transA", 1);
        if (i == 1)
            node_int(&node, "broadcast", 1);
        if (i == 2)
            node_float(&node, "alpha", 1e9F);
        put_message(&graph, GRAPH_NODE, &node);
        graph_value(&graph, GRAPH_INPUT, "input", i == 3 ? 13 : example.inputs);
        graph_value(&graph, GRAPH_OUTPUT, "logits", CLASSES);
        if (i == 4)
            graph_value(&graph, GRAPH_OUTPUT, "again", CLASSES);
        refused(&graph, example.code_text, NULL, whys[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_networks_without_their_code),
        cmocka_unit_test(refuses_shifts_that_do_not_fit_the_numbers),
        cmocka_unit_test(refuses_by_name_what_it_cannot_represent),
        cmocka_unit_test(refuses_attributes_inputs_and_outputs_of_another_kind),
    };
    const struct CMUnitTest tests_2[] = {
        cmocka_unit_test(refuses_the_code_of_another_set),
    };

    return cmocka_run_group_tests(tests, nn_example_1, nn_example_free) +
           cmocka_run_group_tests(tests_2, nn_example_2, nn_example_free);
}
