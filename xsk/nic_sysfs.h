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

/* Such a file's descriptor, to be read and written as often as one likes. */
int nic_sysfs_open(const struct nic *nic, const char *file);
int nic_sysfs_read_open(int fd, long *value);
int nic_sysfs_write_open(int fd, long value);

/* Calls `each` with the name of every interface that gets frames from this one (VLANs, its bridge
 * or bond, ...) until one returns other than 0, which is returned. 0, or -errno as above. */
int nic_sysfs_each_upper(const struct nic *nic,
                         int (*each)(const struct nic *nic, const char *name, void *context),
                         void *context);

/* Which device this is; what this kernel or these rights don't tell stays unknown. 0 or -errno. */
int nic_sysfs_device(const struct nic *nic, struct nic_device *device);

#endif
