// SPDX-License-Identifier: BSD-2-Clause
/* What a live run adds to the report: interface, mode, and every counter of every queue. */
#ifndef AFXDP_LIVE_REPORT_H
#define AFXDP_LIVE_REPORT_H

#include <jansson.h>

#include "live.h"

/* Members `interface`, `mode`, `ports` and `queues` of the JSON object; the caller frees it. Before
 * live_close. docs/afxdp.md explains each counter. */
json_t *live_report(const struct live *live);

#endif
