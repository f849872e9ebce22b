// SPDX-License-Identifier: BSD-2-Clause
#include "live_report.h"

#include <stdio.h>

static void add(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

const char *live_report_rss(enum nic_rss rss)
{
    static const char *const names[] = {"unknown", "symmetric", "asymmetric"};

    return names[rss];
}

/* What the redirect program did with the queue's packets. */
static void add_redirect(json_t *object, const struct redirect *redirect, uint32_t queue)
{
    struct redirect_counters c = {0};

    if (!redirect || redirect_read_counters(redirect, queue, &c) != 0)
        return;
    add(object, "xdp_redirected", c.redirected);
    add(object, "xdp_other", c.other);
    add(object, "xdp_bypassed", c.bypassed);
    add(object, "xdp_uncovered", c.uncovered);
    add(object, "xdp_closed", c.closed);
    add(object, "xdp_uncrossed", c.uncrossed);
}

/* What the kernel lost between program and socket. rx_fill_ring_empty counts attempts, of which
 * each lost packet is in rx_dropped too. */
static void add_socket(json_t *object, const struct xsk_port *port)
{
    struct xdp_statistics s = {0};

    (void)xsk_port_statistics(port, &s);
    add(object, "rx_dropped", s.rx_dropped);
    add(object, "rx_ring_full", s.rx_ring_full);
    add(object, "rx_invalid_descriptors", s.rx_invalid_descs);
    add(object, "rx_fill_ring_empty", s.rx_fill_ring_empty_descs);
    add(object, "tx_invalid_descriptors", s.tx_invalid_descs);
    add(object, "tx_ring_empty", s.tx_ring_empty_descs);
    add(object, "tx_sent", port->counters.sent);
    add(object, "tx_unfinished", port->in_flight);
    add(object, "unstamped", port->counters.unstamped);
    add(object, "wakeups", port->counters.wakeups);
}

void live_report_counters(json_t *object, const struct stats *stats)
{
    static const char *const failures[] = FAILURE_NAMES;

    add(object, "received", stats->packets);
    add(object, "dropped", stats->endings[ENDING_DROPPED]);
    add(object, "forwarded", stats->endings[ENDING_FORWARDED]);
    add(object, "passed", stats->endings[ENDING_PASSED]);
    add(object, "consumed", stats->endings[ENDING_CONSUMED]);
    for (int i = 0; i < FAILURES; i++) {
        char name[32];

        snprintf(name, sizeof(name), "failed_%s", failures[i]);
        add(object, name, stats->failures[i]);
    }
    add(object, "flows", stats->flows);
    add(object, "evictions", stats->evictions);
}

static json_t *queue_json(const struct live *live, uint32_t queue, uint32_t port)
{
    static const struct stats none; /* a port that only sends */
    json_t *object = json_object();

    json_object_set_new(object, "interface", json_string(live->nics.nic[port]->name));
    add(object, "queue", queue);
    live_report_counters(object, port < live->routes ? &live->queue[queue].stats[port] : &none);
    add_redirect(object, live->sockets.redirect[port], queue);
    add_socket(object, &live->sockets.group[queue]->port[port]);
    if (port == 0) { /* one worker serves both ports */
        add(object, "busy_ns", live->queue[queue].counters.busy_ns);
        add(object, "sleeps", live->queue[queue].counters.sleeps);
    }
    add(object, "core", (uint64_t)(live->cores.core[queue] < 0 ? 0 : live->cores.core[queue]));
    return object;
}

json_t *live_report_port(const struct nic *nic, const struct nic_counters *before,
                         const struct xdp_attachment *a, const struct losses *losses)
{
    struct nic_counters now = *before;
    json_t *object = json_object();

    (void)nic_read_counters(nic, &now);
    json_object_set_new(object, "interface", json_string(nic->name));
    json_object_set_new(object, "driver", json_string(nic->driver));
    json_object_set_new(object, "attached_by", json_string(xdp_means_name(a->means)));
    json_object_set_new(object, "attach_mode", json_string(a->skb ? "generic" : "native"));
    add(object, "mtu", nic->mtu);
    add(object, "nic_rx_packets", now.rx_packets - before->rx_packets);
    add(object, "nic_rx_errors", now.rx_errors - before->rx_errors);
    add(object, "nic_rx_dropped", now.rx_dropped - before->rx_dropped);
    add(object, "nic_rx_fifo", now.rx_fifo - before->rx_fifo);
    add(object, "nic_tx_packets", now.tx_packets - before->tx_packets);
    add(object, "nic_tx_errors", now.tx_errors - before->tx_errors);
    add(object, "nic_tx_dropped", now.tx_dropped - before->tx_dropped);
    if (losses)
        add(object, "crossing_lost", losses_read(losses, nic->ifindex));
    return object;
}

static json_t *port_json(const struct live *live, uint32_t port)
{
    const struct live_sockets *s = &live->sockets;

    return live_report_port(live->nics.nic[port], &live->nic_before[port],
                            s->redirect[port] ? redirect_attachment(s->redirect[port])
                                              : pass_attachment(s->pass),
                            s->losses);
}

json_t *live_report(const struct live *live)
{
    json_t *object = json_object();
    json_t *ports = json_array();
    json_t *queues = json_array();

    for (uint32_t port = 0; port < live->nics.ports; port++) {
        json_array_append_new(ports, port_json(live, port));
        for (uint32_t queue = 0; queue < live->nics.queues; queue++)
            json_array_append_new(queues, queue_json(live, queue, port));
    }
    json_object_set_new(object, "interface", json_string(live->nics.nic[0]->name));
    json_object_set_new(object, "mode", json_string(live_sockets_mode(&live->sockets)));
    json_object_set_new(object, "rss", json_string(live_report_rss(live->nics.rss)));
    add(object, "frame_size", live->sockets.frame_size);
    json_object_set_new(object, "multi_buffer", json_boolean(live->sockets.multi_buffer));
    json_object_set_new(object, "ports", ports);
    json_object_set_new(object, "queues", queues);
    return object;
}
