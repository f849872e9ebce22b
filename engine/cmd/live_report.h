// SPDX-License-Identifier: BSD-2-Clause
/* What a live run adds to the report: interface, mode, and every counter of every queue. */
#ifndef AFXDP_LIVE_REPORT_H
#define AFXDP_LIVE_REPORT_H

#include <jansson.h>

#include "live.h"

/* Members `interface`, `mode`, `ports` and `queues` of the JSON object; the caller frees it. Before
 * live_close. docs/afxdp.md explains each counter. */
json_t *live_report(const struct live *live);

/* Parts of it that the kernel datapath reports alike: what became of a queue's packets, and an
 * interface with the NIC's own counters since `before` and, unless NULL, what was lost on the way
 * across to it. */
void live_report_counters(json_t *object, const struct stats *stats);
json_t *live_report_port(const struct nic *nic, const struct nic_counters *before,
                         const struct xdp_attachment *attachment, const struct losses *losses);
const char *live_report_rss(enum nic_rss rss);

#endif
