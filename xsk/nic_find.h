// SPDX-License-Identifier: BSD-2-Clause
/* Which interface to take when the user names none, and what a driver says of its XDP. */
#ifndef AFXDP_NIC_FIND_H
#define AFXDP_NIC_FIND_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"

/* The one interface that is up, isn't a loopback, has a driver with native XDP and doesn't carry
 * the default route. -EINVAL when there is none or more than one, with a message that lists them.
 */
int nic_find(char name[IF_NAMESIZE], struct error *error);

/* Whether a default route, of IPv4 or IPv6, leaves through the interface. */
bool nic_carries_default_route(const char *name);

/* linux/netdev.h of kernel 6.3 */
enum nic_xdp_feature {
    NIC_XDP_BASIC = 1 << 0,
    NIC_XDP_REDIRECT = 1 << 1,
    NIC_XDP_TARGET = 1 << 2, /* frames can be redirected to it (for veth: now, given its peer) */
    NIC_XDP_ZEROCOPY = 1 << 3,
    NIC_XDP_RX_FRAGS = 1 << 5,
    NIC_XDP_TARGET_FRAGS = 1 << 6,
};

/* What the driver says it can do, a set of the above. -EOPNOTSUPP on kernels that don't ask it. */
int nic_xdp_features(int ifindex, uint64_t *features);

#endif
