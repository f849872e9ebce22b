// SPDX-License-Identifier: BSD-2-Clause
/* A worker of the AF_XDP datapath: which ports it asks, and where what it got goes. */
#ifndef AFXDP_LIVE_WORKER_H
#define AFXDP_LIVE_WORKER_H

#include "live.h"

/* Once its sockets are bound. -errno of starting a thread. */
int live_start_worker(struct live *live, uint32_t i, struct error *error);

#endif
