// SPDX-License-Identifier: BSD-2-Clause
/* One AF_XDP socket: bound, with its mode known. Part of xsk_group. */
#ifndef AFXDP_XSK_SOCKET_H
#define AFXDP_XSK_SOCKET_H

#include "xsk_group.h"

/* Registers the memory with the kernel; port 0 is to be bound first. */
int xsk_register_memory(struct xsk_group *group, const struct xsk_options *options,
                        struct error *error);

/* Gives back what xsk_register_memory made, once no socket of the group is left. */
void xsk_forget_memory(struct xsk_group *group);

/* Makes and binds the socket of port `which` and fills its fill ring. -EOPNOTSUPP when the mode
 * can't be had; other errors as of xsk_group_open. */
int xsk_bind(struct xsk_group *group, uint32_t which, const struct xsk_options *options,
             enum xsk_mode mode, struct error *error);

#endif
