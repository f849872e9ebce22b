// SPDX-License-Identifier: BSD-2-Clause
/* Where a graph has its trees, and whether what stands around them keeps the verdict. */
#ifndef AFXDP_DT_GRAPH_H
#define AFXDP_DT_GRAPH_H

#include "onnx_step.h"

/* The graph's one tree ensemble, on `features` columns, and what is done to the features before it,
 * every step computed exactly as a float runtime does. -EINVAL names the node that isn't supported.
 */
int dt_graph_find(const struct onnx_node **trees, struct onnx_steps *scaling,
                  const struct onnx *onnx, uint32_t features, struct error *error);

/* Checks what stands behind the trees. `one_column`: their scores are one column, a probability or
 * a margin. */
int dt_graph_check_tail(const struct onnx *onnx, const struct onnx_node *trees, bool one_column,
                        bool probability, struct error *error);

/* Whether the graph has a tree ensemble of any kind. */
bool dt_graph_has_trees(const struct onnx *onnx);

#endif
