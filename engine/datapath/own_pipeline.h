// SPDX-License-Identifier: BSD-2-Clause
/* What the public header's flow engine needs of its pipeline. */
#ifndef AFXDP_OWN_PIPELINE_H
#define AFXDP_OWN_PIPELINE_H

#include "afxdp_engine.h"
#include "pipeline.h"

/* The results of a burst's frames, in their order. */
void own_pipeline_results(const struct burst *burst, struct afxdp_result *results);

/* What the pipeline last took through. */
const struct burst *own_pipeline_burst(const struct afxdp_pipeline *pipeline);

#endif
