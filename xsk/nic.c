// SPDX-License-Identifier: BSD-2-Clause
#include "nic.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "monotonic.h"
#include "nic_ethtool.h"
#include "nic_link.h"
#include "nic_private.h"

enum { CARRIER_PAUSE_MS = 20, CHANNELS_LOOK_MS = 250 };

/* By the device's place on its bus: below /sys/class/net stand names, maybe another namespace's. */
static int numa_node(const char *bus)
{
    static const char *const paths[] = {"/sys/bus/pci/devices/%s/numa_node",
                                        "/sys/bus/virtio/devices/%s/../numa_node"};
    int node = -1;

    for (int i = 0; i < 2 && bus[0] && !strchr(bus, '/'); i++) {
        char path[96];

        snprintf(path, sizeof(path), paths[i], bus);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        if (fscanf(file, "%d", &node) != 1)
            node = -1;
        fclose(file);
    }
    return node;
}

static void read_driver(struct nic *nic)
{
    struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
    struct ethtool_ringparam rings = {.cmd = ETHTOOL_GRINGPARAM};

    if (nic_ethtool(nic, &driver) == 0) {
        snprintf(nic->driver, sizeof(nic->driver), "%.31s", driver.driver);
        snprintf(nic->bus, sizeof(nic->bus), "%.31s", driver.bus_info);
    }
    nic->about = driver_of(nic->driver);
    if (nic_ethtool(nic, &rings) == 0) {
        nic->rx_ring = rings.rx_pending;
        nic->tx_ring = rings.tx_pending;
    }
}

static int check_type(const struct nic_link *link, struct error *error)
{
    if (link->type == ARPHRD_ETHER || link->type == ARPHRD_LOOPBACK)
        return 0;
    return error_set(error, -EPROTONOSUPPORT,
                     "%s%s%s: its frames have no Ethernet header (link type %u), and the engine "
                     "reads Ethernet: take the interface that carries it",
                     link->name, link->kind[0] ? ", of type " : "", link->kind, link->type);
}

int nic_open(struct nic **out, const char *name, struct error *error)
{
    struct nic_link link;
    int status = nic_link_read(&link, name, 0);

    if (status == -ENODEV)
        return error_set(error, status, "%s: no such interface; see: ip link", name);
    if (status != 0)
        return error_set(error, status, "%s: the interface can't be looked at: %s", name,
                         strerror(-status));
    status = check_type(&link, error);
    if (status != 0)
        return status;
    struct nic *nic = calloc(1, sizeof(*nic));
    if (!nic)
        return error_set(error, -ENOMEM, "out of memory");
    nic->settings = calloc(1, sizeof(*nic->settings));
    if (!nic->settings) {
        free(nic);
        return error_set(error, -ENOMEM, "out of memory");
    }
    nic->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (nic->control < 0) {
        status = error_set(error, -errno, "%s: no socket to ask about it: %s", link.name,
                           strerror(errno));
        free(nic->settings);
        free(nic);
        return status;
    }
    nic->busy_poll[0] = nic->busy_poll[1] = -1;
    memcpy(nic->name, link.name, sizeof(nic->name));
    memcpy(nic->kind, link.kind, sizeof(nic->kind));
    nic->ifindex = link.ifindex;
    nic->mtu = link.mtu;
    read_driver(nic);
    nic->node = numa_node(nic->bus);
    nic_read_channels(nic);
    *out = nic;
    return 0;
}

static int get_flags(const struct nic *nic, short *flags)
{
    struct ifreq what = {0};
    int status = nic_ioctl(nic, SIOCGIFFLAGS, &what);

    *flags = what.ifr_flags;
    return status;
}

int nic_check(struct nic *nic, struct nic_changes *changes)
{
    struct ifreq what = {0};
    short flags;
    int status = get_flags(nic, &flags);

    *changes = (struct nic_changes){0};
    if (status == 0)
        status = nic_ioctl(nic, SIOCGIFMTU, &what);
    if (status != 0)
        return status;
    changes->carrier = flags & IFF_RUNNING;
    if (strncmp(what.ifr_name, nic->name, sizeof(nic->name)) != 0) {
        memcpy(changes->old_name, nic->name, sizeof(nic->name));
        snprintf(nic->name, sizeof(nic->name), "%.15s", what.ifr_name);
    }
    if ((uint32_t)what.ifr_mtu != nic->mtu) {
        changes->old_mtu = nic->mtu;
        nic->mtu = (uint32_t)what.ifr_mtu;
    }
    uint64_t now = monotonic_ms();
    if (now - nic->looked >= CHANNELS_LOOK_MS) {
        uint32_t before = nic->channels.rx;

        nic->looked = now;
        nic_read_channels(nic);
        changes->old_queues = nic->channels.rx != before ? before : 0;
    }
    return 0;
}

int nic_refused(const struct nic *nic, int status, const char *what, struct error *error)
{
    return error_set(error, status, "%s: cannot %s: %s%s", nic->name, what, strerror(-status),
                     status == -EPERM ? " (needs root, or CAP_NET_ADMIN)" : "");
}

int nic_read_promiscuous(const struct nic *nic, enum nic_setting which, char **value)
{
    short flags;
    int status = get_flags(nic, &flags);

    (void)which;
    return status != 0 ? status : nic_text(value, "%s", flags & IFF_PROMISC ? NIC_ON : NIC_OFF);
}

int nic_write_promiscuous(const struct nic *nic, enum nic_setting which, const char *value)
{
    struct ifreq what = {0};
    short flags;
    int status = get_flags(nic, &flags);

    (void)which;
    if (status != 0)
        return status;
    what.ifr_flags =
        (short)(strcmp(value, NIC_ON) == 0 ? flags | IFF_PROMISC : flags & ~IFF_PROMISC);
    return nic_ioctl(nic, SIOCSIFFLAGS, &what);
}

int nic_set_promiscuous(struct nic *nic, struct error *error)
{
    int status = nic_remember(nic, NIC_PROMISCUOUS, NIC_ON, error);

    if (status != 0)
        return status < 0 ? status : 0;
    status = nic_write(nic, NIC_PROMISCUOUS, NIC_ON);
    return status == 0 ? 0 : nic_refused(nic, status, "set promiscuous mode", error);
}

void nic_leave(struct nic *nic)
{
    if (!nic)
        return;
    nic_close_busy_poll(nic);
    close(nic->control);
    nic_settings_drop(nic->settings);
    free(nic->settings);
    free(nic);
}

int nic_close(struct nic *nic, struct error *error)
{
    int status = nic ? nic_put_back(nic, true, error) : 0;

    nic_leave(nic);
    return status;
}

int nic_revert(struct nic *nic, struct error *error)
{
    int status = nic ? nic_put_back(nic, false, error) : 0;

    nic_leave(nic);
    return status;
}

bool nic_is_up(const struct nic *nic)
{
    short flags;

    return get_flags(nic, &flags) == 0 && flags & IFF_UP;
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
    struct nic_link link;
    int status = nic_link_read(&link, NULL, nic->ifindex);

    if (status != 0)
        return status;
    *c = (struct nic_counters){
        .rx_packets = link.stats.rx_packets,
        .rx_errors = link.stats.rx_errors,
        .rx_dropped = link.stats.rx_dropped + link.stats.rx_missed_errors,
        .rx_fifo = link.stats.rx_fifo_errors,
        .tx_packets = link.stats.tx_packets,
        .tx_errors = link.stats.tx_errors,
        .tx_dropped = link.stats.tx_dropped,
    };
    return 0;
}
