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
    classify_function *classify;
};

/* Those of other CPUs than the one compiled for don't exist. */
extern const struct nn_variant nn_scalar;
extern const struct nn_variant nn_avx2;
extern const struct nn_variant nn_avx512vnni;
extern const struct nn_variant nn_avx512vbmi;
extern const struct nn_variant nn_neon;

#endif
