// SPDX-License-Identifier: BSD-2-Clause
/* A tree or forest as a classifier. All variants give the same verdicts, bit for bit. */
#ifndef AFXDP_DT_CLASSIFIER_H
#define AFXDP_DT_CLASSIFIER_H

#include "classifier.h"
#include "error.h"
#include "q8.h"

/* Loads the model and gives the fastest variant that suits it and the CPU. `levels` are those that
 * may be used, see cpu.h. Every suitable variant, the reference included, has to pass the file's
 * golden vectors first. `*out` is untouched on failure: -EINVAL for a bad payload, -EBADMSG for a
 * golden vector that differs, -ENOMEM; `error` says which. */
int dt_classifier_new(struct classifier **out, const struct q8 *file, uint32_t levels,
                      struct error *error);

/* The variant of that number among those that suit this model and these levels, fastest first;
 * the last is the reference. Runs no golden vectors. -ENOENT past the last, so that
 *     for (i = 0; (err = dt_classifier_variant(&c, file, levels, i, &error)) == 0; i++)
 * visits all. */
int dt_classifier_variant(struct classifier **out, const struct q8 *file, uint32_t levels,
                          uint32_t number, struct error *error);

#endif
