// SPDX-License-Identifier: BSD-2-Clause
/* What rtnetlink tells of an interface. Private to nic_*.c. */
#ifndef AFXDP_NIC_LINK_H
#define AFXDP_NIC_LINK_H

#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>

struct nic_link {
    int ifindex;
    uint16_t type; /* ARPHRD_* */
    uint32_t mtu;
    uint32_t master; /* index of the bond, bridge, ... it belongs to; 0: none */
    char name[IF_NAMESIZE];
    char kind[16]; /* "veth", "bond", ..., "" for hardware */
    struct rtnl_link_stats64 stats;
};

/* By index, or where that is 0 by name or alternative name. -ENODEV: there is none. */
int nic_link_read(struct nic_link *link, const char *name, int ifindex);

#endif
