// SPDX-License-Identifier: BSD-2-Clause
/* What a way to run trees offers; dt_classifier.c chooses. */
#ifndef AFXDP_DT_VARIANT_H
#define AFXDP_DT_VARIANT_H

#include "classifier.h"
#include "dt_model.h"

struct dt_variant {
    const char *name;
    uint32_t levels; /* all of these enum cpu_level are needed */

    /* Makes what `classify` gets as its model. It may point into `model`, which outlives it, and is
     * released by free(). -ENOTSUP where the variant doesn't suit the model; -ENOMEM. */
    int (*prepare)(void **plan, const struct dt_model *model);
    classify_function *classify;
};

/* The verdict of each node of a model with a single tree; rows of branches are not used. */
struct verdict dt_leaf_verdict(const struct dt_model *model, uint32_t row);

extern const struct dt_variant dt_variant_reference;   /* dt_reference.h, packet by packet */
extern const struct dt_variant dt_variant_interleaved; /* dt_interleaved.c */

#endif
