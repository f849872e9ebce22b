// SPDX-License-Identifier: BSD-2-Clause
/* --datapath kernel: the model inside XDP, until a signal or a limit. */
#ifndef AFXDP_RUN_KERNEL_H
#define AFXDP_RUN_KERNEL_H

#include "engine_options.h"
#include "model_open.h"

/* Runs, prints what it came to, complains on stderr. Returns an exit status. */
int run_kernel(const struct engine_options *options, const struct model *model,
               const struct policy *policy);

#endif
