// SPDX-License-Identifier: BSD-2-Clause
#include "onnx.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "onnx_writer.h"

static const float numbers[6] = {1.5F, -2, 3, 4, 5, -6.25F};

/* x -> Gemm(w, b) -> y, with attributes of every kind. `graph` holds what a test has added. */
static struct buffer small_model(struct buffer *graph)
{
    struct buffer model = {0};
    struct buffer node = node_begin("fc1", "Gemm", "x w b", "y");

    node_int(&node, "transB", 1);
    node_float(&node, "alpha", 0.5F);
    node_text(&node, "mode", "LEAF");
    node_ints(&node, "ids", (int64_t[]){1, -2, 3}, 3);
    node_floats(&node, "values", numbers, 2);
    graph_tensor(graph, "w", 2, 3, numbers);
    graph_tensor(graph, "b", 2, 0, numbers);
    put_message(graph, GRAPH_NODE, &node);
    graph_value(graph, GRAPH_INPUT, "x", 3);
    graph_value(graph, GRAPH_OUTPUT, "y", 2);
    put_int(&model, MODEL_IR_VERSION, 8);
    put_text(&model, MODEL_PRODUCER, "test");
    model_metadata(&model, "afxdp.classes", "[\"a\"]");
    put_message(&model, MODEL_GRAPH, graph);
    return model;
}

static struct onnx *decode(struct buffer *model)
{
    struct onnx *onnx = NULL;
    struct error error = {""};
    int err = onnx_decode(&onnx, model->bytes, model->size, &error);

    if (err)
        fail_msg("%s", error.text);
    buffer_free(model);
    return onnx;
}

/* Expects a refusal whose message has `why` in it; frees the model. */
static void refused(struct buffer *model, const char *why)
{
    struct onnx *untouched = (void *)model;
    struct onnx *onnx = untouched;
    struct error error = {""};

    assert_int_equal(onnx_decode(&onnx, model->bytes, model->size, &error), -EINVAL);
    assert_ptr_equal(onnx, untouched);
    if (!strstr(error.text, why))
        fail_msg("'%s' lacks '%s'", error.text, why);
    buffer_free(model);
}

static void reads_nodes_values_and_metadata(void **state)
{
    (void)state;
    struct buffer graph = {0};
    struct buffer model = small_model(&graph);
    struct onnx *onnx = decode(&model);
    size_t count;

    assert_string_equal(onnx->producer, "test");
    assert_int_equal(onnx->input_count, 1);
    assert_string_equal(onnx->inputs[0].name, "x");
    assert_int_equal(onnx->inputs[0].type, ONNX_FLOAT);
    assert_int_equal(onnx->inputs[0].rank, 2);
    assert_int_equal(onnx->inputs[0].dims[0], -1);
    assert_int_equal(onnx->inputs[0].dims[1], 3);
    assert_int_equal(onnx->output_count, 1);
    assert_int_equal(onnx->node_count, 1);
    assert_string_equal(onnx->nodes[0].op, "Gemm");
    assert_string_equal(onnx->nodes[0].domain, "");
    assert_int_equal(onnx->nodes[0].input_count, 3);
    assert_string_equal(onnx->nodes[0].inputs[2], "b");
    assert_ptr_equal(onnx_consumer(onnx, "x", &count), &onnx->nodes[0]);
    assert_null(onnx_consumer(onnx, "y", &count));
    assert_int_equal(count, 0);
    assert_string_equal(onnx_metadata(onnx, "afxdp.classes"), "[\"a\"]");
    assert_null(onnx_metadata(onnx, "afxdp.code"));
    assert_true(onnx_has_operator(onnx, "", "Gemm"));
    assert_false(onnx_has_operator(onnx, "ai.onnx.ml", "Gemm"));
    onnx_free(onnx);
}

static void reads_attributes_and_refuses_those_of_another_type(void **state)
{
    (void)state;
    struct buffer graph = {0};
    struct buffer model = small_model(&graph);
    struct onnx *onnx = decode(&model);
    const struct onnx_node *node = &onnx->nodes[0];
    struct error error = {""};
    struct onnx_text text = {0};
    const int64_t *ints;
    const float *floats;
    int64_t trans = 0;
    int64_t absent = 42;
    float alpha = 1;
    size_t count;

    assert_int_equal(onnx_attribute_int(node, "transB", &trans, &error), 0);
    assert_int_equal(trans, 1);
    assert_int_equal(onnx_attribute_int(node, "transA", &absent, &error), 0);
    assert_int_equal(absent, 42);
    assert_int_equal(onnx_attribute_float(node, "alpha", &alpha, &error), 0);
    assert_true(alpha == 0.5F);
    assert_int_equal(onnx_attribute_text(node, "mode", &text, &error), 0);
    assert_true(onnx_text_is(&text, "LEAF"));
    assert_false(onnx_text_is(&text, "LEA"));
    assert_int_equal(onnx_attribute_ints(node, "ids", &ints, &count, &error), 0);
    assert_int_equal(count, 3);
    assert_int_equal(ints[1], -2);
    assert_int_equal(onnx_attribute_floats(node, "values", &floats, &count, &error), 0);
    assert_int_equal(count, 2);
    assert_true(floats[1] == -2.0F);

    assert_int_equal(onnx_attribute_int(node, "alpha", &trans, &error), -EINVAL);
    assert_string_equal(error.text,
                        "node 'fc1': attribute 'alpha' has another type than the operator's");
    static const char *const known[] = {"transB", "alpha", "mode", "ids", NULL};
    assert_int_equal(onnx_check_attributes(node, known, &error), -EINVAL);
    assert_string_equal(error.text, "node 'fc1': attribute 'values' of Gemm isn't supported");
    onnx_free(onnx);
}

static void reads_tensors_from_raw_and_typed_data(void **state)
{
    (void)state;
    struct buffer graph = {0}, typed = {0}, constant = node_begin("c", "Constant", "", "k");
    struct buffer value = {0}, attribute = {0};
    struct onnx_tensor *tensor = NULL;
    struct error error = {""};

    put_int(&typed, TENSOR_DIMS, 2);
    put_int(&typed, TENSOR_TYPE, 7);
    put_text(&typed, TENSOR_NAME, "t");
    put_int(&typed, TENSOR_INT64S, -5);
    put_int(&typed, TENSOR_INT64S, 6);
    put_message(&graph, GRAPH_INITIALIZER, &typed);
    put_int(&value, TENSOR_TYPE, 1); /* a scalar */
    put_float(&value, TENSOR_FLOATS, 0.25F);
    put_text(&attribute, ATTRIBUTE_NAME, "value");
    put_int(&attribute, ATTRIBUTE_TYPE, 4);
    put_message(&attribute, ATTRIBUTE_T, &value);
    put_message(&constant, NODE_ATTRIBUTE, &attribute);
    put_message(&graph, GRAPH_NODE, &constant);
    struct buffer model = small_model(&graph);
    struct onnx *onnx = decode(&model);

    assert_int_equal(onnx_tensor_read(&tensor, onnx, "w", &error), 0);
    assert_int_equal(tensor->rank, 2);
    assert_int_equal(tensor->dims[0], 2);
    assert_int_equal(tensor->count, 6);
    assert_true(tensor->reals[5] == -6.25);
    onnx_tensor_free(tensor);
    assert_int_equal(onnx_tensor_read(&tensor, onnx, "t", &error), 0);
    assert_int_equal(tensor->integers[0], -5);
    onnx_tensor_free(tensor);
    assert_int_equal(onnx->node_count, 1); /* the Constant counts as an initialiser */
    assert_int_equal(onnx_tensor_read(&tensor, onnx, "k", &error), 0);
    assert_int_equal(tensor->rank, 0);
    assert_true(tensor->count == 1 && tensor->reals[0] == 0.25);
    onnx_tensor_free(tensor);
    assert_int_equal(onnx_tensor_read(&tensor, onnx, "x", &error), -ENOENT);
    onnx_free(onnx);
}

/* A tensor 'bad' of `count` floats in raw_data that claims the given shape and type. */
static void tensor_refused(const int64_t *dims, size_t rank, int64_t type, size_t count,
                           bool external, const char *why)
{
    static const float zeros[16] = {0};
    struct buffer graph = {0}, tensor = {0};
    struct onnx_tensor *out = NULL;
    struct error error = {""};

    for (size_t i = 0; i < rank; i++)
        put_int(&tensor, TENSOR_DIMS, dims[i]);
    put_int(&tensor, TENSOR_TYPE, type);
    put_text(&tensor, TENSOR_NAME, "bad");
    put_bytes(&tensor, TENSOR_RAW, zeros, count * sizeof(float));
    if (external)
        put_int(&tensor, TENSOR_LOCATION, 1);
    put_message(&graph, GRAPH_INITIALIZER, &tensor);
    struct buffer model = small_model(&graph);
    struct onnx *onnx = decode(&model);
    assert_int_equal(onnx_tensor_read(&out, onnx, "bad", &error), -EINVAL);
    if (!strstr(error.text, why) || !strstr(error.text, "'bad'"))
        fail_msg("'%s' lacks '%s'", error.text, why);
    onnx_free(onnx);
}

static void refuses_tensors_that_lie(void **state)
{
    (void)state;
    const int64_t huge[] = {1 << 26, 1 << 26, 1 << 26, 1 << 26};

    tensor_refused((int64_t[]){4}, 1, 1, 3, false, "12 bytes of data, its shape asks for 16");
    tensor_refused((int64_t[]){-4}, 1, 1, 4, false, "dimension 0 is -4");
    tensor_refused(huge, 4, 1, 4, false, "larger than a file");
    tensor_refused((int64_t[]){1, 1, 1, 1, 1}, 5, 1, 1, false, "5 dimensions");
    tensor_refused((int64_t[]){4}, 1, 3, 1, false, "data type 3 isn't supported");
    tensor_refused((int64_t[]){4}, 1, 1, 4, true, "in another file");
}

static void refuses_numbers_that_are_not_finite(void **state)
{
    (void)state;
    const float values[2] = {0, __builtin_inff()};
    struct buffer graph = {0};
    struct onnx_tensor *out = NULL;
    struct error error = {""};

    graph_tensor(&graph, "bad", 2, 0, values);
    struct buffer model = small_model(&graph);
    struct onnx *onnx = decode(&model);
    assert_int_equal(onnx_tensor_read(&out, onnx, "bad", &error), -EINVAL);
    assert_string_equal(error.text, "tensor 'bad': number 1 isn't finite");
    onnx_free(onnx);
}

static void refuses_names_defined_twice_or_unprintable(void **state)
{
    (void)state;
    struct buffer graph = {0}, bell = {0};

    graph_tensor(&graph, "w", 2, 0, numbers);
    struct buffer model = small_model(&graph);
    refused(&model, "value 'w' is defined twice");
    graph_tensor(&bell, "\x1b[2J", 2, 0, numbers);
    model = small_model(&bell);
    refused(&model, "printable");
}

static void refuses_deep_nesting_and_repeated_fields(void **state)
{
    (void)state;
    struct buffer inner = {0}, type = {0}, value = {0}, graph = {0}, twice = {0};

    /* TypeProto.sequence_type.elem_type, over and over: deeper than protobuf-c's stack allows. */
    for (int i = 0; i < 4000; i++) {
        struct buffer sequence = {0};
        put_message(&sequence, 1, &inner);
        put_message(&inner, 4, &sequence);
    }
    put_message(&type, 2, &inner);
    put_message(&value, GRAPH_INPUT, &type);
    put_message(&graph, MODEL_GRAPH, &value);
    refused(&graph, "nested");

    for (int i = 0; i < 2; i++) {
        struct buffer again = {0};
        put_message(&twice, MODEL_GRAPH, &again);
    }
    refused(&twice, "repeated");
}

/* Two bytes a node ask for over 100 bytes of memory each. */
static void bounds_memory_and_node_count(void **state)
{
    (void)state;
    struct buffer graph = {0}, model = {0};

    for (int i = 0; i < ONNX_NODES_MAX + 1; i++)
        put_bytes(&graph, GRAPH_NODE, "", 0);
    put_message(&model, MODEL_GRAPH, &graph);
    refused(&model, "4097 nodes");
    for (int i = 0; i < 10 << 20; i++)
        buffer_append(&graph, "\x0a\0", 2);
    put_message(&model, MODEL_GRAPH, &graph);
    refused(&model, "damaged");
}

/* Any cut is refused or read, but never crashes; nor does any bit flipped. */
static void survives_truncation_and_bit_flips(void **state)
{
    (void)state;
    struct buffer graph = {0};
    struct buffer model = small_model(&graph);
    size_t read = 0;

    for (size_t i = 0; i < model.size * 9; i++) {
        size_t at = i % model.size, flip = i / model.size;
        struct onnx *onnx = NULL;
        uint8_t *bytes = malloc(model.size);

        memcpy(bytes, model.bytes, model.size);
        if (flip < 8)
            bytes[at] ^= (uint8_t)(1 << flip);
        if (onnx_decode(&onnx, bytes, flip < 8 ? model.size : at, NULL) == 0) {
            struct onnx_tensor *tensor = NULL;
            if (onnx_tensor_read(&tensor, onnx, "w", NULL) == 0)
                onnx_tensor_free(tensor);
            read++;
        }
        onnx_free(onnx);
        free(bytes);
    }
    assert_true(read > 0);
    buffer_free(&model);
}

static void reads_a_file_and_says_what_is_wrong_with_one(void **state)
{
    (void)state;
    char path[] = "/tmp/onnx_test.XXXXXX";
    struct buffer graph = {0};
    struct buffer model = small_model(&graph);
    struct error error = {""};
    struct onnx *onnx = NULL;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, model.bytes, model.size), (ssize_t)model.size);
    assert_int_equal(onnx_read(&onnx, path, &error), 0);
    onnx_free(onnx);
    assert_int_equal(ftruncate(fd, (off_t)model.size - 1), 0);
    assert_int_equal(onnx_read(&onnx, path, &error), -EINVAL);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(ftruncate(fd, (off_t)ONNX_FILE_MAX + 1), 0);
    assert_int_equal(onnx_read(&onnx, path, &error), -EINVAL);
    close(fd);
    unlink(path);
    assert_int_equal(onnx_read(&onnx, path, &error), -ENOENT);
    assert_int_equal(onnx_read(&onnx, "/tmp", &error), -EINVAL);
    buffer_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_nodes_values_and_metadata),
        cmocka_unit_test(reads_attributes_and_refuses_those_of_another_type),
        cmocka_unit_test(reads_tensors_from_raw_and_typed_data),
        cmocka_unit_test(refuses_tensors_that_lie),
        cmocka_unit_test(refuses_numbers_that_are_not_finite),
        cmocka_unit_test(refuses_names_defined_twice_or_unprintable),
        cmocka_unit_test(refuses_deep_nesting_and_repeated_fields),
        cmocka_unit_test(bounds_memory_and_node_count),
        cmocka_unit_test(survives_truncation_and_bit_flips),
        cmocka_unit_test(reads_a_file_and_says_what_is_wrong_with_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
