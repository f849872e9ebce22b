// SPDX-License-Identifier: BSD-2-Clause
/* What the files of this folder share. */
#ifndef AFXDP_ONNX_PRIVATE_H
#define AFXDP_ONNX_PRIVATE_H

#include <onnx/onnx.pb-c.h>

#include "onnx.h"

/* A value that doesn't depend on the input: an initialiser or what a Constant node holds, or what a
 * node computes from such values alone. */
struct onnx_constant {
    const char *name;
    const Onnx__TensorProto *tensor; /* NULL where a node computes it */
    const Onnx__NodeProto *node;
    bool known; /* false: its node also reads what isn't constant */
};

struct onnx_private {
    Onnx__ModelProto *model;
    struct onnx_constant *constants; /* sorted by name */
    size_t constant_count;
    char *producer;
};

/* The constant of that name, or NULL. */
const struct onnx_constant *onnx_constant_find(const struct onnx_private *private,
                                               const char *name);

/* Collects the constants of a graph whose names were checked. */
int onnx_constants_collect(struct onnx_private *private, const Onnx__GraphProto *graph,
                           struct error *error);

/* Whether a node's one output is among the constants. */
bool onnx_node_is_constant(const struct onnx_private *private, const Onnx__NodeProto *node);

/* Reads numbers of the file. */
int onnx_tensor_new(struct onnx_tensor **out, const Onnx__TensorProto *proto, const char *name,
                    struct error *error);

/* A tensor of that shape, its numbers 0; the shape is within bounds. */
int onnx_tensor_allocate(struct onnx_tensor **out, enum onnx_type type, uint32_t rank,
                         const size_t *dims, const char *name, struct error *error);

/* Computes a constant. */
int onnx_constant_read(struct onnx_tensor **out, const struct onnx *onnx,
                       const struct onnx_constant *constant, struct error *error);

/* Refuses bytes that would make protobuf-c recurse deeply (it has no limit of its own) or merge a
 * field over and over: nesting is bounded, and a field that isn't repeated stands there once. */
int onnx_wire_check(const void *bytes, size_t size, struct error *error);

/* onnx__model_proto__unpack with a bound on the memory it may take; NULL when it fails. */
Onnx__ModelProto *onnx_unpack(const void *bytes, size_t size);
void onnx_unpacked_free(Onnx__ModelProto *model);

/* Checks that text is printable ASCII and not too long to show in a message; NULL is "". */
bool onnx_is_printable(const char *text);

/* Of the file's number for an element type. */
enum onnx_type onnx_element_type(int32_t type);

static inline const char *onnx_string(const char *text)
{
    return text ? text : "";
}

#endif
