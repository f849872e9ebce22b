// SPDX-License-Identifier: BSD-2-Clause
/* --pcap: the pipeline over a capture. */
#ifndef AFXDP_RUN_CAPTURE_H
#define AFXDP_RUN_CAPTURE_H

#include "engine_options.h"
#include "model_open.h"

/* Classifies the capture with `model` (NULL: none), prints what it came to, complains on stderr.
 * Returns an exit status. */
int run_capture(const struct engine_options *options, const struct model *model,
                const struct policy *policy);

#endif
