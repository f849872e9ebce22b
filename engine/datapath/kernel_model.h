// SPDX-License-Identifier: BSD-2-Clause
/* From a model to a path program: chooses the form that loads. */
#ifndef AFXDP_KERNEL_MODEL_H
#define AFXDP_KERNEL_MODEL_H

#include "config.h"
#include "guard.h"
#include "model_open.h"
#include "path.h"

/* A path with its model in it, loaded. */
struct kernel_model {
    struct xdp_path *path;
    struct path_program *program; /* the path's */
    struct nn_model *nn;          /* one of these, or neither: --model none */
    struct dt_model *dt;
    const struct afxdp_callbacks *say;
};

/* Opens, loads and fills the program for `model` (NULL: none). With FORM_AUTO a network gets
 * the first form that loads, and `say` is warned of each that doesn't. `*out` is untouched on
 * failure: -EINVAL for a form that the model can't have, -E2BIG for one it is too large for, else
 * what the kernel refused with. */
int kernel_model_open(struct kernel_model *out, const struct model *model, enum config_form form,
                      const struct path_settings *settings, const struct path_policy *policy,
                      const struct afxdp_callbacks *say, struct error *error);

/* Puts another model in the place of the present one, under traffic: every packet is judged by one
 * of them, with its own policy, and flows stay. Fails as kernel_model_open does, and leaves the
 * present model at work. `guard`: what the program is put into. */
int kernel_model_replace(struct kernel_model *present, const struct model *model,
                         enum config_form form, const struct path_policy *policy,
                         struct guard *guard, struct error *error);

/* Descriptor of the program that packets enter. */
int kernel_model_entry(const struct kernel_model *model);

void kernel_model_close(struct kernel_model *model);

#endif
