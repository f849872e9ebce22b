// SPDX-License-Identifier: BSD-2-Clause
/* The largest flows and hosts in the tables of a running datapath, for the control socket. */
#ifndef AFXDP_FLOW_REPORT_H
#define AFXDP_FLOW_REPORT_H

#include "datapath.h"

enum { FLOW_REPORT_MOST = 256 };

/* {"total": flows in the tables, "flows": the `most` (1..FLOW_REPORT_MOST) of most packets}. Bytes
 * are of IP. -EOPNOTSUPP where the tables can't be read, -ENOMEM. */
int flow_report(json_t **out, const struct afxdp_datapath *datapath, uint32_t most,
                struct error *error);

/* {"total": initiators of these flows, "left_out": flows whose initiator found no room, "hosts":
 * the `most` that began most of them}. */
int host_report(json_t **out, const struct afxdp_datapath *datapath, uint32_t most,
                struct error *error);

#endif
