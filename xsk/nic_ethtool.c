// SPDX-License-Identifier: BSD-2-Clause
#include "nic_ethtool.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { RENAME_MS = 200 };

int nic_ioctl(const struct nic *nic, unsigned long request, struct ifreq *what)
{
    /* While it is renamed the kernel knows it by no name at all, for a grace period. */
    for (int i = 0; i < RENAME_MS; i++) {
        struct ifreq now = {.ifr_ifindex = nic->ifindex};

        if (ioctl(nic->control, SIOCGIFNAME, &now) != 0)
            return -errno;
        memcpy(what->ifr_name, now.ifr_name, sizeof(what->ifr_name));
        int status = ioctl(nic->control, request, what) == 0 ? 0 : -errno;
        if (status != -ENODEV)
            return status;
        usleep(1000);
    }
    return -EAGAIN;
}

int nic_ethtool(const struct nic *nic, void *command)
{
    struct ifreq what = {.ifr_data = command};

    return nic_ioctl(nic, SIOCETHTOOL, &what);
}
