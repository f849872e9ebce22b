// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "interface_report.h"
#include "live.h"

/* What the redirect program did with the packets of a queue, or of several. */
static void add_redirect(json_t *object, const struct redirect_counters *counters)
{
    const struct redirect_counters c = *counters;

    report_number(object, "xdp_redirected", c.redirected);
    report_number(object, "xdp_other", c.other);
    report_number(object, "xdp_bypassed", c.bypassed);
    report_number(object, "xdp_allowed", c.allowed);
    report_number(object, "xdp_denied", c.denied);
    report_number(object, "xdp_blocked", c.blocked);
    report_number(object, "xdp_shunted", c.shunted);
    report_number(object, "xdp_uncovered", c.uncovered);
    report_number(object, "xdp_closed", c.closed);
    report_number(object, "xdp_uncrossed", c.uncrossed);
    report_number(object, "xdp_stalled_crossed", c.stalled_crossed);
    report_number(object, "xdp_stalled_passed", c.stalled_passed);
    report_number(object, "xdp_stalled_dropped", c.stalled_dropped);
}

/* What the kernel lost between program and socket. rx_fill_ring_empty counts attempts, of which
 * each lost packet is in rx_dropped too. */
static void add_socket(json_t *object, const struct xsk_port *port)
{
    struct xdp_statistics s = {0};

    (void)xsk_port_statistics(port, &s);
    report_number(object, "rx_ring_size", port->rx.size);
    report_number(object, "rx_ring_looks", histogram_count(&port->counters.waiting));
    report_number(object, "rx_ring_waiting", port->counters.waiting.sum);
    report_number(object, "rx_dropped", s.rx_dropped);
    report_number(object, "rx_ring_full", s.rx_ring_full);
    report_number(object, "rx_invalid_descriptors", s.rx_invalid_descs);
    report_number(object, "rx_fill_ring_empty", s.rx_fill_ring_empty_descs);
    report_number(object, "tx_invalid_descriptors", s.tx_invalid_descs);
    report_number(object, "tx_ring_empty", s.tx_ring_empty_descs);
    report_number(object, "tx_sent", port->counters.sent);
    report_number(object, "tx_unfinished", port->in_flight);
    report_number(object, "unstamped", port->counters.unstamped);
    report_number(object, "wakeups", port->counters.wakeups);
}

/* What was obtained of the two kinds of memory that packets touch. */
static void add_pages(json_t *object, const struct live *live, uint32_t queue)
{
    report_put(object, "packet_pages",
               report_text(pages_name(live->sockets.group[queue]->umem.pages)));
    report_put(object, "flow_pages",
               report_text(pages_name(live->queue[queue].table->memory.pages)));
}

static const struct stats none; /* received by a port that only sends, or without a worker */

/* Of all queues that no worker serves; NULL where the interface has none such and had none. */
static json_t *rest_json(const struct live *live, uint32_t port)
{
    const struct redirect *redirect = live->sockets.redirect[port];
    static const struct redirect_counters untouched;
    uint32_t served = live->nics.queues;
    struct redirect_counters c;

    if (!redirect ||
        redirect_read_counters(redirect, served, REDIRECT_QUEUES_MAX - served, &c) != 0 ||
        (live->nics.nic[port]->channels.rx <= served && memcmp(&c, &untouched, sizeof(c)) == 0))
        return NULL;
    json_t *object = json_object();
    report_put(object, "interface", report_text(live->nics.nic[port]->name));
    report_put(object, "queue", json_null());
    interface_report_counters(object, &none);
    add_redirect(object, &c);
    return object;
}

static json_t *queue_json(const struct live *live, uint32_t queue, uint32_t port)
{
    const struct redirect *redirect = live->sockets.redirect[port];
    struct redirect_counters c;
    json_t *object = json_object();

    report_put(object, "interface", report_text(live->nics.nic[port]->name));
    report_number(object, "queue", queue);
    interface_report_counters(object,
                              port < live->routes ? &live->queue[queue].stats[port] : &none);
    if (redirect && redirect_read_counters(redirect, queue, 1, &c) == 0)
        add_redirect(object, &c);
    add_socket(object, &live->sockets.group[queue]->port[port]);
    if (live->sockets.losses)
        report_number(
            object, "rx_unbound",
            losses_read_unbound(live->sockets.losses, live->nics.nic[port]->ifindex, queue));
    if (port == 0) { /* one worker serves both ports */
        report_number(object, "busy_ns", live->queue[queue].counters.busy_ns);
        report_number(object, "sleeps", live->queue[queue].counters.sleeps);
        report_number(object, "longest_pause_ns", live->queue[queue].counters.longest_pause_ns);
        add_pages(object, live, queue);
    }
    report_number(object, "core",
                  (uint64_t)(live->cores.core[queue] < 0 ? 0 : live->cores.core[queue]));
    return object;
}

static json_t *port_json(const struct live *live, uint32_t port)
{
    const struct sockets *s = &live->sockets;

    return interface_report_port(live->nics.nic[port], &live->nic_before[port],
                                 s->redirect[port] ? redirect_attachment(s->redirect[port])
                                                   : pass_attachment(s->pass),
                                 s->ports > 1 ? s->losses : NULL);
}

/* What the programs of both ports have seen of shunted flows. */
static json_t *live_shunts_report(const struct live *live)
{
    struct redirect_counters seen = {0}, c;

    for (uint32_t port = 0; port < live->nics.ports; port++) {
        const struct redirect *redirect = live->sockets.redirect[port];

        if (!redirect || redirect_read_counters(redirect, 0, REDIRECT_QUEUES_MAX, &c) != 0)
            continue;
        seen.shunted += c.shunted;
        seen.shunted_bytes += c.shunted_bytes;
        seen.shunts_judged += c.shunts_judged;
        seen.shunts_finished += c.shunts_finished;
        seen.shunts_silent += c.shunts_silent;
    }
    return shunts_report(live->shunts, &seen);
}

json_t *live_report(const struct live *live)
{
    json_t *object = json_object();
    json_t *ports = json_array();
    json_t *queues = json_array();

    for (uint32_t port = 0; port < live->nics.ports; port++) {
        report_append(ports, port_json(live, port));
        for (uint32_t queue = 0; queue < live->nics.queues; queue++)
            report_append(queues, queue_json(live, queue, port));
        json_t *rest = rest_json(live, port);
        if (rest)
            report_append(queues, rest);
    }
    report_put(object, "interface", report_text(live->nics.nic[0]->name));
    report_put(object, "mode", json_string(sockets_mode(&live->sockets)));
    report_put(object, "rss", json_string(interface_report_rss(live->nics.rss)));
    report_number(object, "frame_size", live->sockets.frame_size);
    report_put(object, "multi_buffer", json_boolean(live->sockets.multi_buffer));
    if (live->base.config->verdicts)
        report_number(object, "verdicts_lost", live->verdicts.lost);
    if (live->base.blocks)
        report_put(object, "blocks", blocks_report(live->base.blocks, &(struct blocks_seen){0}));
    if (live->shunts)
        report_put(object, "shunts", live_shunts_report(live));
    report_put(object, "ports", ports);
    report_put(object, "queues", queues);
    return object;
}

struct worker *live_worker(const struct afxdp_datapath *base, uint32_t queue)
{
    const struct live *live = (const struct live *)base;

    return queue < live->nics.queues ? live->queue[queue].worker : NULL;
}
