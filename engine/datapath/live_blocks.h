// SPDX-License-Identifier: BSD-2-Clause
/* Blocks, as the AF_XDP datapath has them. */
#ifndef AFXDP_LIVE_BLOCKS_H
#define AFXDP_LIVE_BLOCKS_H

#include "live.h"

/* Where a class blocks, or may come to by `ctl set-action`; the ports are there. */
int live_blocks_open(struct live *live, struct error *error);

/* See struct datapath_operations. */
int live_blocks_allow(struct afxdp_datapath *base, const struct prefix_list *allowed,
                      struct error *error);

#endif
