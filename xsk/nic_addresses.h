// SPDX-License-Identifier: BSD-2-Clause
/* Whether an interface is how others reach this host. */
#ifndef AFXDP_NIC_ADDRESSES_H
#define AFXDP_NIC_ADDRESSES_H

#include <net/if.h>
#include <netinet/in.h>

#include "nic.h"

struct nic_address {
    char text[INET6_ADDRSTRLEN];
    char interface[IF_NAMESIZE]; /* the nic, or one that gets its frames from it */
};

/* An address of this host that frames of the nic can be for: its own, or one of a VLAN, bridge or
 * bond above it. The link-local addresses that the kernel gives every IPv6 interface don't count: a
 * mirror port has one, too. 1: there is one; 0: none; -errno: it can't be told. */
int nic_host_address(const struct nic *nic, struct nic_address *address);

#endif
