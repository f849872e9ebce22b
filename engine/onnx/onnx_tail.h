// SPDX-License-Identifier: BSD-2-Clause
/* What stands behind a model's scores: probabilities, labels, maps. Exporters write a dozen nodes
 * there; none of them may change which class wins, and that is what is checked. */
#ifndef AFXDP_ONNX_TAIL_H
#define AFXDP_ONNX_TAIL_H

#include "onnx.h"

/* What a value behind the model is to the classes. */
enum onnx_tail_kind {
    ONNX_TAIL_SCORES,      /* a column for each class, the largest wins */
    ONNX_TAIL_MARGIN,      /* one column: the second class wins above 0 */
    ONNX_TAIL_PROBABILITY, /* one column: the second class wins above 1/2 */
    ONNX_TAIL_COMPLEMENT,  /* one column: 1 - a probability */
    ONNX_TAIL_CLASS,       /* the class that wins, as number or name */
    ONNX_TAIL_MAP,         /* names with their scores */
};

struct onnx_tail_value {
    const char *name;
    enum onnx_tail_kind kind;
};

/* Checks that every node not marked in `taken` (of onnx->node_count) is a step of the tail that
 * begins with `values`, and that every output of the graph is one of its values. -EINVAL names the
 * node or output. */
int onnx_tail_check(const struct onnx *onnx, const bool *taken,
                    const struct onnx_tail_value *values, size_t count, struct error *error);

#endif
