// SPDX-License-Identifier: BSD-2-Clause
/* What the public header's flow engine needs of its pipeline. */
#ifndef AFXDP_OWN_PIPELINE_H
#define AFXDP_OWN_PIPELINE_H

#include "afxdp_engine.h"
#include "pipeline.h"

/* What the pipeline last took through. */
const struct burst *own_pipeline_burst(const struct afxdp_pipeline *pipeline);

#endif
