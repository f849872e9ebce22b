// SPDX-License-Identifier: BSD-2-Clause
/* What both datapaths of an interface say of it alike. */
#ifndef AFXDP_INTERFACE_REPORT_H
#define AFXDP_INTERFACE_REPORT_H

#include <jansson.h>

#include "attach.h"
#include "losses.h"
#include "nic.h"
#include "report_value.h"
#include "stats.h"

/* What became of a queue's packets. */
void interface_report_counters(json_t *object, const struct stats *stats);

/* An interface with the NIC's own counters since `before` and, unless NULL, what was lost on the
 * way across to it. */
json_t *interface_report_port(const struct nic *nic, const struct nic_counters *before,
                              const struct xdp_attachment *attachment, const struct losses *losses);

const char *interface_report_rss(enum nic_rss rss);

#endif
