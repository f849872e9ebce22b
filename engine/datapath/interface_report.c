// SPDX-License-Identifier: BSD-2-Clause
#include "interface_report.h"

#include <stdio.h>

const char *interface_report_rss(enum nic_rss rss)
{
    static const char *const names[] = {"unknown", "symmetric", "asymmetric"};

    return names[rss];
}

void interface_report_counters(json_t *object, const struct stats *stats)
{
    static const char *const failures[] = FAILURE_NAMES;

    report_number(object, "received", stats->packets);
    report_number(object, "dropped", stats->endings[ENDING_DROPPED]);
    report_number(object, "limited", stats->endings[ENDING_LIMITED]);
    report_number(object, "forwarded", stats->endings[ENDING_FORWARDED]);
    report_number(object, "passed", stats->endings[ENDING_PASSED]);
    report_number(object, "consumed", stats->endings[ENDING_CONSUMED]);
    for (int i = 0; i < FAILURES; i++) {
        char name[32];

        snprintf(name, sizeof(name), "failed_%s", failures[i]);
        report_number(object, name, stats->failures[i]);
    }
    report_number(object, "flows", stats->flows);
    report_number(object, "evictions", stats->evictions);
}

json_t *interface_report_port(const struct nic *nic, const struct nic_counters *before,
                              const struct xdp_attachment *a, const struct losses *losses)
{
    struct nic_counters now = *before;
    json_t *object = json_object();

    (void)nic_read_counters(nic, &now);
    report_put(object, "interface", report_text(nic->name));
    report_put(object, "driver", json_string(nic->driver));
    report_put(object, "attached_by", json_string(xdp_means_name(a->means)));
    report_put(object, "attach_mode", json_string(a->skb ? "generic" : "native"));
    report_number(object, "mtu", nic->mtu);
    report_number(object, "nic_rx_packets", now.rx_packets - before->rx_packets);
    report_number(object, "nic_rx_errors", now.rx_errors - before->rx_errors);
    report_number(object, "nic_rx_dropped", now.rx_dropped - before->rx_dropped);
    report_number(object, "nic_rx_fifo", now.rx_fifo - before->rx_fifo);
    report_number(object, "nic_tx_packets", now.tx_packets - before->tx_packets);
    report_number(object, "nic_tx_errors", now.tx_errors - before->tx_errors);
    report_number(object, "nic_tx_dropped", now.tx_dropped - before->tx_dropped);
    if (losses)
        report_number(object, "crossing_lost", losses_read(losses, nic->ifindex));
    return object;
}
