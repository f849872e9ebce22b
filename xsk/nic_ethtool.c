// SPDX-License-Identifier: BSD-2-Clause
#include "nic_ethtool.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int nic_ioctl(const char *interface, unsigned long request, struct ifreq *what)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    snprintf(what->ifr_name, sizeof(what->ifr_name), "%s", interface);
    int status = ioctl(fd, request, what) == 0 ? 0 : -errno;
    close(fd);
    return status;
}

int nic_ethtool(const char *interface, void *command)
{
    struct ifreq what = {.ifr_data = command};

    return nic_ioctl(interface, SIOCETHTOOL, &what);
}
