// SPDX-License-Identifier: BSD-2-Clause
/* The public header's callback for bursts: an observer of a pipeline, in its thread. */
#ifndef AFXDP_BURSTS_H
#define AFXDP_BURSTS_H

#include "afxdp_engine.h"
#include "pipeline.h"

struct bursts {
    struct burst_observer observer;
    const struct afxdp_callbacks *callbacks;
    uint32_t queue;
};

/* Has the pipeline observed, after those who observe it already, where there is a callback for it.
 * `bursts` lives as long as the pipeline. */
void bursts_observe(struct bursts *bursts, const struct afxdp_callbacks *callbacks,
                    struct pipeline *pipeline, uint32_t queue);

/* What the public header calls the verdicts on a burst's frames, in their order. */
void bursts_results(const struct burst *burst, struct afxdp_result *results);

#endif
