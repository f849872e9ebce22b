// SPDX-License-Identifier: BSD-2-Clause
/* What a driver accepted and only packets can prove. */
#ifndef AFXDP_LIVE_PROMISES_H
#define AFXDP_LIVE_PROMISES_H

#include "live.h"

/* Once there were packets: warns, once, where the kernel doesn't busy-poll as asked, and goes on
 * without; and where the NIC gives no times. */
void live_check_promises(struct live *live);

#endif
