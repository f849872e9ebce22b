// SPDX-License-Identifier: BSD-2-Clause
/* What a run of the kernel datapath adds to the report. */
#ifndef AFXDP_KERNEL_REPORT_H
#define AFXDP_KERNEL_REPORT_H

#include <jansson.h>

#include "kernel.h"

/* Members `interface`, `mode` ("native" or "skb"), `ports` and `queues` of the JSON object, as
 * live_report's; the caller frees it. Before kernel_close. docs/kernel.md explains each. */
json_t *kernel_report(const struct kernel *kernel);

#endif
