// SPDX-License-Identifier: BSD-2-Clause
/* The claim of an interface by one engine process. It is an abstract unix socket: the kernel keeps
 * one name space of them per network namespace, as it does with interfaces, and takes it away when
 * the process ends, however it ends. */
#ifndef AFXDP_CLAIM_H
#define AFXDP_CLAIM_H

#include <sys/types.h>

/* The claim's descriptor; -EBUSY when another process has it: *owner is then its pid, 0 if it
 * can't be told. Close the descriptor to give the claim back. */
int xdp_claim(int ifindex, pid_t *owner);

#endif
