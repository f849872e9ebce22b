// SPDX-License-Identifier: BSD-2-Clause
/* What the workers work with, and whether it fits. */
#ifndef AFXDP_LIVE_MEMORY_H
#define AFXDP_LIVE_MEMORY_H

#include "live.h"

/* Memory comes from the first interface's NUMA node from now on, whoever allocates. */
void live_prefer_node(const struct live *live);

/* After sockets_load: settles live->flows. -ENOMEM as memory_plan. */
int live_plan_memory(struct live *live, struct error *error);

/* Flow table, pipeline and counters of queue i. -errno; what was made goes with the datapath. */
int live_prepare_queue(struct live *live, uint32_t i, struct error *error);

#endif
