// SPDX-License-Identifier: BSD-2-Clause
/* ethtool's ioctl. Private to nic_*.c. */
#ifndef AFXDP_NIC_ETHTOOL_H
#define AFXDP_NIC_ETHTOOL_H

#include <linux/ethtool.h>
#include <net/if.h>

/* Any SIOC* request; 0 or -errno. */
int nic_ioctl(const char *interface, unsigned long request, struct ifreq *what);

/* SIOCETHTOOL with `command`, one of linux/ethtool.h's structs with its cmd filled in. */
int nic_ethtool(const char *interface, void *command);

#endif
