// SPDX-License-Identifier: BSD-2-Clause
#include "nic.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nic_ethtool.h"
#include "nic_private.h"

enum { CARRIER_PAUSE_MS = 20, RESTORE_TRIES = 3 };

static int numa_node(const char *interface)
{
    char path[64];
    int node = -1;

    snprintf(path, sizeof(path), "/sys/class/net/%s/device/numa_node", interface);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    if (fscanf(file, "%d", &node) != 1)
        node = -1;
    fclose(file);
    return node;
}

static void read_driver(struct nic *nic)
{
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    struct ethtool_ringparam rings = {.cmd = ETHTOOL_GRINGPARAM};

    if (nic_ethtool(nic->name, &driver) == 0)
        snprintf(nic->driver, sizeof(nic->driver), "%.31s", driver.driver);
    nic->about = driver_of(nic->driver);
    if (nic_ethtool(nic->name, &rings) == 0) {
        nic->rx_ring = rings.rx_pending;
        nic->tx_ring = rings.tx_pending;
    }
}

int nic_open(struct nic **out, const char *name, struct error *error)
{
    struct ifreq what = {0};
    struct nic *nic;

    if (strlen(name) >= IF_NAMESIZE || if_nametoindex(name) == 0)
        return error_set(error, -ENODEV, "%s: no such interface; see: ip link", name);
    nic = calloc(1, sizeof(*nic));
    if (!nic)
        return error_set(error, -ENOMEM, "out of memory");
    snprintf(nic->name, sizeof(nic->name), "%s", name);
    nic->ifindex = (int)if_nametoindex(name);
    if (nic_ioctl(name, SIOCGIFMTU, &what) == 0)
        nic->mtu = (uint32_t)what.ifr_mtu;
    nic->node = numa_node(name);
    read_driver(nic);
    nic_read_channels(nic);
    *out = nic;
    return 0;
}

int nic_refused(const struct nic *nic, int status, const char *what, struct error *error)
{
    return error_set(error, status, "%s: cannot %s: %s%s", nic->name, what, strerror(-status),
                     status == -EPERM ? " (needs root, or CAP_NET_ADMIN)" : "");
}

static int get_flags(const struct nic *nic, short *flags)
{
    struct ifreq what = {0};
    int status = nic_ioctl(nic->name, SIOCGIFFLAGS, &what);

    *flags = what.ifr_flags;
    return status;
}

static int set_promiscuous(const struct nic *nic, bool on)
{
    struct ifreq what = {0};
    short flags;
    int status = get_flags(nic, &flags);

    if (status != 0)
        return status;
    what.ifr_flags = (short)(on ? flags | IFF_PROMISC : flags & ~IFF_PROMISC);
    return nic_ioctl(nic->name, SIOCSIFFLAGS, &what);
}

int nic_set_promiscuous(struct nic *nic, struct error *error)
{
    short flags;
    int status = get_flags(nic, &flags);

    if (status == 0 && flags & IFF_PROMISC)
        return 0;
    if (status == 0)
        status = set_promiscuous(nic, true);
    if (status != 0)
        return nic_refused(nic, status, "set promiscuous mode", error);
    nic->changed_promiscuous = true;
    return 0;
}

/* Tried again, since nobody else will put it back. */
static void restore_promiscuous(struct nic *nic)
{
    for (int tries = 0; nic->changed_promiscuous && tries < RESTORE_TRIES; tries++)
        nic->changed_promiscuous = set_promiscuous(nic, false) != 0;
}

void nic_leave(struct nic *nic)
{
    if (nic)
        free(nic->old_rss);
    free(nic);
}

int nic_close(struct nic *nic, struct error *error)
{
    if (!nic)
        return 0;
    restore_promiscuous(nic);
    nic_restore_busy_poll(nic);
    nic_restore_offloads(nic);
    /* Channels first: drivers refuse fewer of them while a table that a user set names more. */
    int status = nic_restore_channels(nic, error);
    nic_restore_rss(nic);
    nic_leave(nic);
    return status;
}

bool nic_has_carrier(const struct nic *nic)
{
    short flags;

    return get_flags(nic, &flags) == 0 && flags & IFF_RUNNING;
}

bool nic_wait_carrier(const struct nic *nic, uint32_t timeout_ms)
{
    const struct timespec pause = {.tv_nsec = CARRIER_PAUSE_MS * 1000000};

    for (uint32_t waited = 0; waited < timeout_ms; waited += CARRIER_PAUSE_MS) {
        if (nic_has_carrier(nic))
            return true;
        nanosleep(&pause, NULL);
    }
    return nic_has_carrier(nic);
}

int nic_read_counters(const struct nic *nic, struct nic_counters *c)
{
    char line[512];
    int found = 0;
    FILE *file = fopen("/proc/net/dev", "re");

    if (!file)
        return -errno;
    while (!found && fgets(line, sizeof(line), file)) {
        char *colon = strchr(line, ':');
        char *name = line + strspn(line, " ");

        if (!colon || (size_t)(colon - name) != strlen(nic->name) ||
            strncmp(name, nic->name, strlen(nic->name)) != 0)
            continue;
        unsigned long long rx[4], tx[3];
        found = sscanf(colon + 1, "%*u %llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu", &rx[0],
                       &rx[1], &rx[2], &rx[3], &tx[0], &tx[1], &tx[2]) == 7;
        if (found)
            *c = (struct nic_counters){rx[0], rx[1], rx[2], rx[3], tx[0], tx[1], tx[2]};
    }
    fclose(file);
    return found ? 0 : -ENODEV;
}
