// SPDX-License-Identifier: BSD-2-Clause
#include "onnx_writer.h"

#include <stdlib.h>
#include <string.h>

void buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->size + size > buffer->room) {
        buffer->room = (buffer->size + size) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        if (!buffer->bytes)
            abort();
    }
    if (size > 0)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

void put_varint(struct buffer *buffer, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));

        buffer_append(buffer, &byte, 1);
        value >>= 7;
    } while (value > 0);
}

void put_int(struct buffer *buffer, uint32_t field, int64_t value)
{
    put_varint(buffer, field << 3);
    put_varint(buffer, (uint64_t)value);
}

void put_float(struct buffer *buffer, uint32_t field, float value)
{
    put_varint(buffer, field << 3 | 5);
    buffer_append(buffer, &value, sizeof(value));
}

void put_bytes(struct buffer *buffer, uint32_t field, const void *bytes, size_t size)
{
    put_varint(buffer, field << 3 | 2);
    put_varint(buffer, size);
    buffer_append(buffer, bytes, size);
}

void put_text(struct buffer *buffer, uint32_t field, const char *text)
{
    put_bytes(buffer, field, text, strlen(text));
}

void put_message(struct buffer *buffer, uint32_t field, struct buffer *message)
{
    put_bytes(buffer, field, message->bytes, message->size);
    buffer_free(message);
}

static void put_words(struct buffer *buffer, uint32_t field, const char *words)
{
    while (*words) {
        size_t length = strcspn(words, " ");

        put_bytes(buffer, field, words, length);
        words += length + (words[length] == ' ');
    }
}

struct buffer node_begin(const char *name, const char *op, const char *inputs, const char *outputs)
{
    struct buffer node = {0};

    put_words(&node, NODE_INPUT, inputs);
    put_words(&node, NODE_OUTPUT, outputs);
    put_text(&node, NODE_NAME, name);
    put_text(&node, NODE_OP, op);
    return node;
}

static struct buffer attribute_begin(const char *name, int64_t type)
{
    struct buffer attribute = {0};

    put_text(&attribute, ATTRIBUTE_NAME, name);
    put_int(&attribute, ATTRIBUTE_TYPE, type);
    return attribute;
}

void node_float(struct buffer *node, const char *name, float value)
{
    struct buffer attribute = attribute_begin(name, 1);

    put_float(&attribute, ATTRIBUTE_F, value);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void node_int(struct buffer *node, const char *name, int64_t value)
{
    struct buffer attribute = attribute_begin(name, 2);

    put_int(&attribute, ATTRIBUTE_I, value);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void node_text(struct buffer *node, const char *name, const char *value)
{
    struct buffer attribute = attribute_begin(name, 3);

    put_text(&attribute, ATTRIBUTE_S, value);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void node_floats(struct buffer *node, const char *name, const float *values, size_t count)
{
    struct buffer attribute = attribute_begin(name, 6);

    for (size_t i = 0; i < count; i++)
        put_float(&attribute, ATTRIBUTE_FLOATS, values[i]);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void node_ints(struct buffer *node, const char *name, const int64_t *values, size_t count)
{
    struct buffer attribute = attribute_begin(name, 7);

    for (size_t i = 0; i < count; i++)
        put_int(&attribute, ATTRIBUTE_INTS, values[i]);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void node_texts(struct buffer *node, const char *name, const char *const *values, size_t count)
{
    struct buffer attribute = attribute_begin(name, 8);

    for (size_t i = 0; i < count; i++)
        put_text(&attribute, ATTRIBUTE_STRINGS, values[i]);
    put_message(node, NODE_ATTRIBUTE, &attribute);
}

void graph_tensor(struct buffer *graph, const char *name, size_t rows, size_t columns,
                  const float *values)
{
    struct buffer tensor = {0};

    put_int(&tensor, TENSOR_DIMS, (int64_t)rows);
    if (columns > 0)
        put_int(&tensor, TENSOR_DIMS, (int64_t)columns);
    put_int(&tensor, TENSOR_TYPE, 1);
    put_text(&tensor, TENSOR_NAME, name);
    put_bytes(&tensor, TENSOR_RAW, values, rows * (columns ? columns : 1) * sizeof(*values));
    put_message(graph, GRAPH_INITIALIZER, &tensor);
}

void graph_value(struct buffer *graph, uint32_t field, const char *name, int64_t width)
{
    struct buffer batch = {0}, columns = {0}, shape = {0}, tensor = {0}, type = {0}, value = {0};

    put_text(&batch, 2, "N");
    put_int(&columns, 1, width);
    put_message(&shape, 1, &batch);
    put_message(&shape, 1, &columns);
    put_int(&tensor, 1, 1);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, &type);
    put_message(graph, field, &value);
}

void model_metadata(struct buffer *model, const char *key, const char *value)
{
    struct buffer entry = {0};

    put_text(&entry, 1, key);
    put_text(&entry, 2, value);
    put_message(model, MODEL_METADATA, &entry);
}
