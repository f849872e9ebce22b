// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nic_ethtool.h"
#include "nic_private.h"

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

int nic_read_channel_counts(const struct nic *nic, enum nic_setting which, char **value)
{
    struct ethtool_channels now = {.cmd = ETHTOOL_GCHANNELS};
    int status = nic_ethtool(nic, &now);

    (void)which;
    return status != 0
               ? status
               : nic_text(value, "%u/%u/%u", now.rx_count, now.tx_count, now.combined_count);
}

int nic_write_channel_counts(const struct nic *nic, enum nic_setting which, const char *value)
{
    struct ethtool_channels now = {.cmd = ETHTOOL_GCHANNELS};
    int status = nic_ethtool(nic, &now);

    (void)which;
    if (status != 0)
        return status;
    now.cmd = ETHTOOL_SCHANNELS;
    if (sscanf(value, "%u/%u/%u", &now.rx_count, &now.tx_count, &now.combined_count) != 3)
        return -ERANGE;
    return nic_ethtool(nic, &now);
}

static int set_channels(struct nic *nic, uint32_t queues, struct error *error)
{
    struct ethtool_channels now = {.cmd = ETHTOOL_GCHANNELS};
    char value[48];
    int status = nic_ethtool(nic, &now);

    if (status == 0) {
        if (nic->channels.combined)
            now.combined_count = queues;
        else
            now.rx_count = now.tx_count = queues;
        snprintf(value, sizeof(value), "%u/%u/%u", now.rx_count, now.tx_count, now.combined_count);
        status = nic_remember(nic, NIC_CHANNELS, value, error);
        if (status != 0)
            return status < 0 ? status : 0;
        status = nic_write(nic, NIC_CHANNELS, value);
    }
    return status == 0
               ? 0
               : error_set(error, status, "%s: cannot set %u channels, it can have up to %u: %s",
                           nic->name, queues, nic->channels.rx_most, strerror(-status));
}

int nic_set_channels(struct nic *nic, uint32_t queues, struct error *error)
{
    if (queues == nic->channels.rx)
        return 0;
    int status = set_channels(nic, queues, error);
    if (status != 0)
        return status;
    nic_read_channels(nic);
    return nic->channels.rx == queues
               ? 0
               : error_set(error, -EINVAL, "%s: has %u channels though %u were set", nic->name,
                           nic->channels.rx, queues);
}
