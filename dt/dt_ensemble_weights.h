// SPDX-License-Identifier: BSD-2-Clause
/* Class weights, base values and post transform of a TreeEnsembleClassifier, all made into rows of
 * weights that add up: the verdict is the class with the largest sum.
 *
 * A file of two classes may give weights to one of them only (the other's number is then not
 * used). By the operator's rule these are a probability where none is negative and there is no
 * post transform: the second class wins above 1/2; else they are a margin: it wins above 0. */
#ifndef AFXDP_DT_ENSEMBLE_WEIGHTS_H
#define AFXDP_DT_ENSEMBLE_WEIGHTS_H

#include "dt_ensemble.h"
#include "dt_ensemble_attributes.h"

struct dt_weights {
    struct dt_ensemble *ensemble;
    const struct onnx_node *node;
    const struct dt_attributes *attributes;
    struct error *error;
    bool one_sided; /* all weights are of one class of two */
};

/* Makes room for the rows and checks what doesn't depend on them. */
int dt_weights_begin(struct dt_weights *weights, struct dt_ensemble *ensemble,
                     const struct onnx_node *node, const struct dt_attributes *attributes,
                     struct error *error);

/* Adds the weight of that number to a row. */
int dt_weights_add(struct dt_weights *weights, size_t number, uint32_t row);

/* Adds what holds for every packet to the leaves of the first tree; refuses sums too large. */
int dt_weights_end(struct dt_weights *weights);

#endif
