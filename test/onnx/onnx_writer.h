// SPDX-License-Identifier: BSD-2-Clause
/* Protobuf bytes by hand: field numbers are those of onnx.proto. For tests: a failed allocation
 * aborts. */
#ifndef AFXDP_ONNX_WRITER_H
#define AFXDP_ONNX_WRITER_H

#include <stddef.h>
#include <stdint.h>

/* Starts zeroed; grows; free(bytes) at the end. */
struct buffer {
    uint8_t *bytes;
    size_t size;
    size_t room;
};

void buffer_append(struct buffer *buffer, const void *bytes, size_t size);
void buffer_free(struct buffer *buffer);

void put_varint(struct buffer *buffer, uint64_t value);
void put_int(struct buffer *buffer, uint32_t field, int64_t value);
void put_float(struct buffer *buffer, uint32_t field, float value);
void put_bytes(struct buffer *buffer, uint32_t field, const void *bytes, size_t size);
void put_text(struct buffer *buffer, uint32_t field, const char *text);
/* Puts `message` in as a field and frees it. */
void put_message(struct buffer *buffer, uint32_t field, struct buffer *message);

/* The fields of the messages used most. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER = 2,
    MODEL_GRAPH = 7,
    MODEL_METADATA = 14,
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_OP = 4,
    NODE_ATTRIBUTE = 5,
    NODE_DOMAIN = 7,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_F = 2,
    ATTRIBUTE_I = 3,
    ATTRIBUTE_S = 4,
    ATTRIBUTE_T = 5,
    ATTRIBUTE_FLOATS = 7,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_STRINGS = 9,
    ATTRIBUTE_TYPE = 20,
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_FLOATS = 4,
    TENSOR_INT64S = 7,
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_LOCATION = 14,
};

/* A node of the given names, separated by spaces; add attributes before putting it in a graph. */
struct buffer node_begin(const char *name, const char *op, const char *inputs, const char *outputs);
void node_int(struct buffer *node, const char *name, int64_t value);
void node_float(struct buffer *node, const char *name, float value);
void node_text(struct buffer *node, const char *name, const char *value);
void node_ints(struct buffer *node, const char *name, const int64_t *values, size_t count);
void node_texts(struct buffer *node, const char *name, const char *const *values, size_t count);
void node_floats(struct buffer *node, const char *name, const float *values, size_t count);

/* Adds a float initialiser of rank 1 (columns 0) or 2, its numbers in raw_data. */
void graph_tensor(struct buffer *graph, const char *name, size_t rows, size_t columns,
                  const float *values);
/* Adds a float input or output of shape [N, width]. */
void graph_value(struct buffer *graph, uint32_t field, const char *name, int64_t width);
void model_metadata(struct buffer *model, const char *key, const char *value);

#endif
