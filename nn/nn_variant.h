// SPDX-License-Identifier: BSD-2-Clause
/* What an inference variant gives to nn_classifier.c. Private to this folder. */
#ifndef AFXDP_NN_VARIANT_H
#define AFXDP_NN_VARIANT_H

#include "classifier.h"
#include "nn_model.h"

struct nn_variant {
    const char *name;
    uint32_t needs; /* cpu levels */
    /* Lays the model out for `classify`; -ENOMEM, or 0 and memory for free() in `*out`. */
    int (*prepare)(void **out, const struct nn_model *model);
    classify_function *classify_1; /* rows of FEATURES_1 */
    classify_function *classify_2; /* of FEATURES_2 */
};

/* Defines the variant `symbol` out of the file's `prepare` and `classify`. The latter is always
 * inline and takes the number of inputs besides: compiled for each, both are constants in its
 * loops. */
#define NN_VARIANT(symbol, name, needs)                                                            \
    static void classify_1(const void *model, const uint32_t *features, size_t count,              \
                           struct verdict *verdicts)                                               \
    {                                                                                              \
        classify(model, features, count, verdicts, FEATURES_1);                                    \
    }                                                                                              \
                                                                                                   \
    static void classify_2(const void *model, const uint32_t *features, size_t count,              \
                           struct verdict *verdicts)                                               \
    {                                                                                              \
        classify(model, features, count, verdicts, FEATURES_2);                                    \
    }                                                                                              \
                                                                                                   \
    const struct nn_variant symbol = {name, needs, prepare, classify_1, classify_2}

/* Those of other CPUs than the one compiled for don't exist. */
extern const struct nn_variant nn_scalar;
extern const struct nn_variant nn_avx2;
extern const struct nn_variant nn_avx512vnni;
extern const struct nn_variant nn_avx512vbmi;
extern const struct nn_variant nn_neon;

#endif
