// SPDX-License-Identifier: BSD-2-Clause
/* What a way to run trees offers; dt_classifier.c chooses. */
#ifndef AFXDP_DT_VARIANT_H
#define AFXDP_DT_VARIANT_H

#include "classifier.h"
#include "dt_model.h"

struct dt_variant {
    const char *name;
    uint32_t levels; /* all of these enum cpu_level are needed */

    /* Makes what `classify` gets as its model. It may point into `model`, which outlives it.
     * -ENOMEM. */
    int (*prepare)(void **plan, const struct dt_model *model);
    void (*release)(void *plan);   /* takes NULL */
    classify_function *classify_1; /* rows of FEATURES_1 */
    classify_function *classify_2; /* of FEATURES_2 */
};

/* Defines the variant `symbol` out of the file's `classify`, which is always inline and takes the
 * number of features besides: compiled for each, a row's width is a constant in its loops. */
#define DT_VARIANT(symbol, title, needs, prepare_function, release_function)                       \
    static void classify_1(const void *plan, const uint32_t *features, size_t count,               \
                           struct verdict *verdicts)                                               \
    {                                                                                              \
        classify(plan, features, count, verdicts, FEATURES_1);                                     \
    }                                                                                              \
                                                                                                   \
    static void classify_2(const void *plan, const uint32_t *features, size_t count,               \
                           struct verdict *verdicts)                                               \
    {                                                                                              \
        classify(plan, features, count, verdicts, FEATURES_2);                                     \
    }                                                                                              \
                                                                                                   \
    const struct dt_variant symbol = {title,      needs,     prepare_function, release_function,   \
                                      classify_1, classify_2}

/* The verdict of a leaf with that row in a model of a single tree. */
struct verdict dt_leaf_verdict(const struct dt_model *model, uint32_t row);

extern const struct dt_variant dt_variant_reference;   /* dt_reference.h, packet by packet */
extern const struct dt_variant dt_variant_interleaved; /* dt_interleaved.c */
extern const struct dt_variant dt_variant_vbmi;        /* dt_vbmi.c, x86-64 only */

/* Lets packets go on from nodes of a model, for the levels that are left; `model` is what
 * dt_variant_interleaved prepared, `count` is a multiple of 8. `at` then holds rows of scores or,
 * for a single tree, verdicts. */
void dt_interleaved_go_on(const void *model, const uint32_t *features, uint32_t count,
                          uint32_t levels, uint32_t *at);

#endif
