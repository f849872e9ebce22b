// SPDX-License-Identifier: BSD-2-Clause
/* ethtool's ioctl. Private to nic_*.c. */
#ifndef AFXDP_NIC_ETHTOOL_H
#define AFXDP_NIC_ETHTOOL_H

#include <linux/ethtool.h>
#include <net/if.h>

#include "nic.h"

/* Any SIOC* request to the interface of the nic's index, whatever its name is just now. 0 or
 * -errno, -ENODEV: it is gone. -EAGAIN: it is being renamed. Needs no new descriptor. */
int nic_ioctl(const struct nic *nic, unsigned long request, struct ifreq *what);

/* SIOCETHTOOL with `command`, one of linux/ethtool.h's structs with its cmd filled in. */
int nic_ethtool(const struct nic *nic, void *command);

#endif
