// SPDX-License-Identifier: BSD-2-Clause
/* --model: a file name to a checked model and its classifier. */
#ifndef AFXDP_MODEL_OPEN_H
#define AFXDP_MODEL_OPEN_H

#include "classifier.h"
#include "q8.h"

struct model {
    struct q8 *file;
    struct classifier *classifier;
    char path[512]; /* where the file was found */
};

/* Reads the model, checks all of it and runs its golden vectors on every variant that the CPU
 * offers. A name without a slash means the shipped
 * model of that name, else the file here; where both are there, it is refused (-EINVAL). `*out` is
 * untouched on failure; -errno of open, -EINVAL or -EBADMSG with one line in `error`. */
int model_open(struct model **out, const char *name, struct error *error);

void model_close(struct model *model); /* takes NULL */

#endif
