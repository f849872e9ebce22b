// SPDX-License-Identifier: BSD-2-Clause
/* Blocks, as the AF_XDP datapath has them. */
#ifndef AFXDP_LIVE_BLOCKS_H
#define AFXDP_LIVE_BLOCKS_H

#include "live.h"

/* Where a class blocks, or may come to by `ctl set-action`; the ports are there. */
int live_blocks_open(struct live *live, struct error *error);

/* Starts the thread that blocks, and the one that keeps who is. */
int live_blocks_start(struct live *live, struct error *error);

/* Says, once, that who is blocked can't be kept. */
void live_blocks_watch(struct live *live);

/* Keeps who is blocked for the last time. -errno of writing. */
int live_blocks_end(struct live *live, struct error *error);

/* See struct datapath_operations. */
int live_blocks_allow(struct afxdp_datapath *base, const struct prefix_list *allowed,
                      struct error *error);

#endif
