// SPDX-License-Identifier: BSD-2-Clause
/* What only sysfs tells of an interface. Private to nic*.c. */
#ifndef AFXDP_NIC_SYSFS_H
#define AFXDP_NIC_SYSFS_H

#include "nic_settings.h"

struct nic;

/* One number in a file of the interface's folder. 0 or -errno; -EXDEV: only another network
 * namespace's can be seen. */
int nic_sysfs_read(const struct nic *nic, const char *file, long *value);
int nic_sysfs_write(const struct nic *nic, const char *file, long value);

/* Which device this is; what this kernel or these rights don't tell stays unknown. 0 or -errno. */
int nic_sysfs_device(const struct nic *nic, struct nic_device *device);

#endif
