// SPDX-License-Identifier: BSD-2-Clause
/* Packets that were to cross from port to port and got lost in the kernel, which tells of them by
 * tracepoints alone: counted by losses.bpf.c as long as this is open. */
#ifndef AFXDP_LOSSES_H
#define AFXDP_LOSSES_H

#include <stdint.h>

#include "redirect_abi.h"

struct losses;

/* Begins to count for the ports. -errno where the kernel has no such tracepoints or the process no
 * right to them (CAP_PERFMON, or CAP_SYS_ADMIN): these losses then stay uncounted. */
int losses_open(struct losses **out, const int *ifindexes, uint32_t count);

/* Of packets that came in by this port. From any thread. */
uint64_t losses_read(const struct losses *losses, int ifindex);

void losses_close(struct losses *losses); /* takes NULL */

#endif
