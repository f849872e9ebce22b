// SPDX-License-Identifier: BSD-2-Clause
/* The trees of a file as they stand there: float thresholds, float weights.
 *
 * In ONNX one tree ensemble on the graph's one input [N, features]; behind it may stand nodes that
 * change no verdict. Everything else is refused by name. */
#ifndef AFXDP_DT_ENSEMBLE_H
#define AFXDP_DT_ENSEMBLE_H

#include "dt_model.h"
#include "import.h"
#include "onnx_step.h"

/* What a node asks of a feature x; "yes" is taken where it holds. */
enum dt_mode {
    DT_MODE_LEAF,
    DT_MODE_LEQ, /* x <= value */
    DT_MODE_LT,
    DT_MODE_GTE,
    DT_MODE_GT,
};

struct dt_ensemble_node {
    enum dt_mode mode;
    uint32_t tree;
    uint32_t feature;
    double value; /* not NaN */
    uint32_t yes; /* places in the array of nodes */
    uint32_t no;
    uint32_t row; /* of a leaf, in the weights */
};

struct dt_ensemble {
    struct onnx_steps scaling; /* of a feature before it is compared */
    uint32_t feature_set;
    uint32_t class_count;
    uint32_t tree_count;
    uint32_t root[DT_TREES_MAX];
    uint32_t node_count;
    uint32_t row_count;
    struct dt_ensemble_node *nodes;
    double *weights; /* [row_count][class_count], finite; base values are in the first tree's */
};

/* `*out` is untouched on failure; free it with dt_ensemble_free. Every node is reached exactly
 * once. -EINVAL with the reason, -ENOMEM. */
int dt_ensemble_read(struct dt_ensemble **out, const struct import *import, struct error *error);

/* The same of a TreeEnsemble (ai.onnx.ml 5), whose node and scaling are known. */
int dt_ensemble_read_5(struct dt_ensemble **out, const struct onnx_node *node,
                       const struct onnx_steps *scaling, const struct import *import,
                       struct error *error);

void dt_ensemble_free(struct dt_ensemble *ensemble); /* takes NULL */

/* Whether a branch's answer is "yes". */
bool dt_ensemble_yes(const struct dt_ensemble *ensemble, const struct dt_ensemble_node *node,
                     uint32_t value);

/* The class that the file's own arithmetic gives, in double: the largest sum, the lowest class on
 * ties. What the integer model is compared with. */
uint32_t dt_ensemble_class(const struct dt_ensemble *ensemble, const uint32_t *features);

#endif
