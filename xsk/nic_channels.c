// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <time.h>

#include "nic_ethtool.h"
#include "nic_private.h"

enum { RESTORE_TRIES = 100, RESTORE_PAUSE_MS = 20 };

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

void nic_read_channels(struct nic *nic)
{
    struct ethtool_channels now = {.cmd = ETHTOOL_GCHANNELS};

    nic->channels = (struct nic_channels){.rx = 1, .tx = 1};
    if (nic_ethtool(nic, &now) != 0)
        return;
    nic->channels = (struct nic_channels){
        .rx = larger(larger(now.rx_count, now.combined_count), 1),
        .tx = larger(larger(now.tx_count, now.combined_count), 1),
        .rx_most = larger(now.max_rx, now.max_combined),
        .combined = now.max_combined >= now.max_rx,
    };
}

static int set_channels(const struct nic *nic, uint32_t queues)
{
    struct ethtool_channels now = {.cmd = ETHTOOL_GCHANNELS};
    int status = nic_ethtool(nic, &now);

    if (status != 0)
        return status;
    now.cmd = ETHTOOL_SCHANNELS;
    if (nic->channels.combined)
        now.combined_count = queues;
    else
        now.rx_count = now.tx_count = queues;
    return nic_ethtool(nic, &now);
}

int nic_set_channels(struct nic *nic, uint32_t queues, struct error *error)
{
    uint32_t before = nic->channels.rx;

    if (queues == before)
        return 0;
    int status = set_channels(nic, queues);
    if (status != 0)
        return error_set(error, status, "%s: cannot set %u channels, it can have up to %u: %s",
                         nic->name, queues, nic->channels.rx_most, strerror(-status));
    nic_read_channels(nic);
    if (!nic->changed_channels)
        nic->old_channels = before;
    nic->changed_channels = true;
    return nic->channels.rx == queues
               ? 0
               : error_set(error, -EINVAL, "%s: has %u channels though %u were set", nic->name,
                           nic->channels.rx, queues);
}

/* EINVAL: a queue that would go still belongs to a zero-copy socket (net/ethtool/channels.c), whose
 * memory the kernel releases in its own time. */
int nic_restore_channels(struct nic *nic, struct error *error)
{
    const struct timespec pause = {.tv_nsec = RESTORE_PAUSE_MS * 1000000};
    int status = 0;

    if (!nic->changed_channels || if_nametoindex(nic->name) == 0)
        return 0;
    nic->changed_channels = false;
    for (int tries = 0; tries < RESTORE_TRIES; tries++) {
        status = set_channels(nic, nic->old_channels);
        if (status != -EINVAL && status != -EBUSY)
            break;
        nanosleep(&pause, NULL);
    }
    if (status == 0)
        return 0;
    return error_set(error, status, "%s: cannot put back its %u channels: %s; ethtool -L %s %s %u",
                     nic->name, nic->old_channels, strerror(-status), nic->name,
                     nic->channels.combined ? "combined" : "rx", nic->old_channels);
}
