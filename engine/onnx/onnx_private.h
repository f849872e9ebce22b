// SPDX-License-Identifier: BSD-2-Clause
/* What the files of this folder share. */
#ifndef AFXDP_ONNX_PRIVATE_H
#define AFXDP_ONNX_PRIVATE_H

#include <onnx/onnx.pb-c.h>

#include "onnx.h"

struct onnx_private {
    Onnx__ModelProto *model;
    const Onnx__TensorProto **tensors; /* initialisers, and the values of Constant nodes */
    const char **tensor_names;
    size_t tensor_count;
    char *producer;
};

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
