// SPDX-License-Identifier: BSD-2-Clause
/* Packets that got lost in the kernel where it tells of them by tracepoints alone, on the way
 * across from port to port or to a socket: counted by losses.bpf.c as long as this is open. */
#ifndef AFXDP_LOSSES_H
#define AFXDP_LOSSES_H

#include <stdint.h>

#include "redirect_abi.h"

struct losses;

/* Begins to count for the ports and `queues` queues of each. -errno where the kernel has no such
 * tracepoints or the process no right to them (CAP_PERFMON, or CAP_SYS_ADMIN): these losses then
 * stay uncounted. */
int losses_open(struct losses **out, const int *ifindexes, uint32_t count, uint32_t queues);

/* That were to cross. Of packets that came in by this port. By one thread at a time. */
uint64_t losses_read(const struct losses *losses, int ifindex);

/* That were to reach the socket of this port's queue, which was no longer bound to it: the
 * interface is being removed. By one thread at a time. */
uint64_t losses_read_unbound(const struct losses *losses, int ifindex, uint32_t queue);

void losses_close(struct losses *losses); /* takes NULL */

#endif
