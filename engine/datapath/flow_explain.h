// SPDX-License-Identifier: BSD-2-Clause
/* `ctl explain FLOW`: what the flow's next packet was called, and why. The worker has it caught
 * (flow_trap.h); until then whoever asks is told to ask again. One flow at a time. */
#ifndef AFXDP_FLOW_EXPLAIN_H
#define AFXDP_FLOW_EXPLAIN_H

#include "datapath.h"

enum { FLOW_EXPLAIN_MS = 4000 /* so long it is waited for a packet */ };

/* {"waiting": true}, or {"flow", "packet" (its number in the flow), "action"} with what
 * explanation_of says. -EINVAL: no name of a flow, -ENOENT: none of that name is in the tables,
 * -EBUSY: another flow is being asked about, -EAGAIN: the model was replaced meanwhile, -EOPNOTSUPP
 * where no worker classifies, -ENOMEM. */
int flow_explain(json_t **out, struct afxdp_datapath *datapath, const char *flow,
                 struct error *error);

/* Gives up what nobody asked for any more. */
void flow_explain_watch(struct afxdp_datapath *datapath);

#endif
