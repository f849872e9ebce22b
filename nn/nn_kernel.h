// SPDX-License-Identifier: BSD-2-Clause
/* Networks inside XDP: opens the BPF program of one of the three forms (nn.bpf.c) for a model.
 *
 * All forms give the reference's verdicts, bit for bit. `single` is the fastest for narrow networks
 * and rewrites the program for every model; it needs libbpf to load the object (libxdp's dispatcher
 * loads programs itself: it can have the others). `tailcall` asks least of the verifier. */
#ifndef AFXDP_NN_KERNEL_H
#define AFXDP_NN_KERNEL_H

#include "nn_model.h"
#include "path.h"

enum nn_form {
    NN_FORM_SINGLE,   /* inference generated for the model */
    NN_FORM_LOOPS,    /* bounded loops, weights in a map */
    NN_FORM_TAILCALL, /* a program per step, weights in a map */
    NN_FORMS,
};

#define NN_FORM_NAMES                                                                              \
    {                                                                                              \
        "single", "loops", "tailcall"                                                              \
    }

/* The form that takes least time. A `single` grows by some bytes with each weight, until a core can
 * no longer keep it ready: from then on `loops` is faster, by 11 to 17 % with 3,888 weights and
 * more (docs/kernel.md). */
enum nn_form nn_kernel_fastest(const struct nn_model *model);

/* The program, opened and not loaded; free it with path_program_free. Its `fill` takes a struct
 * nn_model. With NN_FORM_SINGLE the model is copied into the program here, and -E2BIG says that the
 * program would be longer than a jump over it reaches. */
int nn_kernel_new(struct path_program **out, enum nn_form form, const struct nn_model *model,
                  struct error *error);

#endif
