// SPDX-License-Identifier: BSD-2-Clause
/* Blocks, as a running datapath has them. */
#ifndef AFXDP_DATAPATH_BLOCKS_H
#define AFXDP_DATAPATH_BLOCKS_H

#include "datapath.h"

/* Where a class blocks, or may come to by `ctl set-action`; the ports are there. `workers`: that
 * tell of offences; `kernel_clock`: see struct blocks_options. */
int datapath_blocks_open(struct afxdp_datapath *base, uint32_t workers, bool kernel_clock,
                         struct error *error);

/* Starts the thread that blocks, and the one that keeps who is. */
int datapath_blocks_start(struct afxdp_datapath *base, struct error *error);

/* Says, once, that who is blocked can't be kept. */
void datapath_blocks_watch(struct afxdp_datapath *base);

/* Keeps who is blocked for the last time. -errno of writing. */
int datapath_blocks_end(struct afxdp_datapath *base, struct error *error);

/* See struct datapath_operations. */
int datapath_blocks_allow(struct afxdp_datapath *base, const struct prefix_list *allowed,
                          struct error *error);

#endif
