// SPDX-License-Identifier: BSD-2-Clause
/* The neural network classifier: from a `.q8` file to struct classifier, in the fastest variant
 * that the CPU offers. All variants give the same verdicts, bit for bit. */
#ifndef AFXDP_NN_H
#define AFXDP_NN_H

#include "classifier.h"
#include "nn_model.h"
#include "q8.h"

/* Reads the payload of `file` and checks everything in it: code tables that don't decrease and
 * stay within 0..127, layers that chain from NN_INPUTS to the file's classes, shifts 0..31, no
 * weight -128, and, for every neuron, Σ|weight|·127 + |bias| < 2^31. `*out` is untouched on
 * failure (-EINVAL with the reason, -ENOMEM); free() it. */
int nn_model_load(struct nn_model **out, const struct q8 *file, struct error *error);

/* The payload's bytes for a model, which the caller frees; nn_model_load reads them back. */
int nn_model_encode(const struct nn_model *model, uint8_t **out, size_t *size);

/* The model of a file in the best variant for these CPU levels (cpu_levels()). Before that it runs
 * the file's golden vectors on every variant that the levels offer: -EBADMSG when one differs. */
int nn_classifier_new(struct classifier **out, const struct q8 *file, uint32_t cpu_levels,
                      struct error *error);

/* The variants built into this program, the C reference first and the fastest last. */
size_t nn_variant_count(void);
const char *nn_variant_name(size_t variant);
/* Whether a CPU of these levels can run it; the reference always. */
bool nn_variant_offered(size_t variant, uint32_t cpu_levels);

/* A classifier of one variant, for tests and the bench; doesn't run the golden vectors. */
int nn_variant_new(struct classifier **out, size_t variant, const struct nn_model *model,
                   struct error *error);

#endif
