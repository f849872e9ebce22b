// SPDX-License-Identifier: BSD-2-Clause
/* --iface: the pipeline over AF_XDP, until a signal or a limit. */
#ifndef AFXDP_RUN_LIVE_H
#define AFXDP_RUN_LIVE_H

#include "engine_options.h"
#include "model_open.h"

/* Runs, prints what it came to, complains on stderr. Returns an exit status. */
int run_live(const struct engine_options *options, const struct model *model,
             const struct policy *policy);

#endif
