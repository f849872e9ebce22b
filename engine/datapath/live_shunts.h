// SPDX-License-Identifier: BSD-2-Clause
/* Shunts, as the AF_XDP datapath has them. */
#ifndef AFXDP_LIVE_SHUNTS_H
#define AFXDP_LIVE_SHUNTS_H

#include "live.h"

/* Where a class is shunted, or may come to be by `ctl set-action`; the ports are there. */
int live_shunts_open(struct live *live, struct error *error);

#endif
