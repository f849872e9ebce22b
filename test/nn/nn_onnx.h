// SPDX-License-Identifier: BSD-2-Clause
/* Networks written as ONNX for the importer's tests. */
#ifndef AFXDP_NN_ONNX_H
#define AFXDP_NN_ONNX_H

#include "nn_float.h"
#include "nn_model.h"
#include "onnx_writer.h"

/* A chain of Gemm and Relu. Names: input "input", weights "w0", biases "b0", nodes "fc0" and
 * "act0", values "sum0" and "h0", output "logits"; the graph isn't closed yet. */
struct buffer nn_onnx_graph(const struct nn_float *network);

/* Closes the graph into a file; NULL properties are left out. */
struct buffer nn_onnx_file(struct buffer *graph, const char *code, const char *shifts);

/* A network in the engine's arithmetic as docs/onnx.md wants it, with its afxdp.shifts. */
struct buffer nn_onnx_exact(const struct nn_model *model, const char *code);

#endif
