// SPDX-License-Identifier: BSD-2-Clause
#include "live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "datapath_blocks.h"
#include "events.h"
#include "live_memory.h"
#include "live_promises.h"
#include "live_shunts.h"
#include "live_worker.h"
#include "packets.h"
#include "say.h"

enum {
    LAST_PACKETS_MS = 20, /* until the kernel has put what it held into the rings */
    REMOVAL_MS = 1000,
    REMOVAL_PAUSE_MS = 10,
    TAKE_JUDGE_MS = 2000, /* a worker wakes up every WORKER_WAIT_MS at least */
};

static struct live *of(struct afxdp_datapath *base)
{
    return (struct live *)base;
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

static int choose_cores(struct live *live, struct error *error)
{
    const char *list = live->base.config->cores;
    int status = 0;

    if (list)
        status = cores_parse(&live->cores, list, live->nics.queues, error);
    else
        cores_choose(&live->cores, live->nics.nic[0]->name, live->nics.queues);
    if (status == 0 && live->cores.shared)
        say(&live->base.say, AFXDP_WARNING, "%u workers share fewer cores", live->nics.queues);
    return status;
}

/* What the table of drivers knows of the ports. */
static void announce_drivers(const struct live *live)
{
    for (uint32_t i = 0; i < live->nics.ports; i++) {
        const struct nic *nic = live->nics.nic[i];
        const struct driver *about = nic->about;

        if (!driver_is_known(about)) {
            say(&live->base.say, AFXDP_INFO,
                "%s: driver %s, of which nothing is known here; see docs/hardware.md", nic->name,
                nic->driver[0] ? nic->driver : "without a name");
            continue;
        }
        say(&live->base.say, AFXDP_INFO,
            "%s: driver %s, %u queue%s, %s%s, %s arrival times (%s: %s)", nic->name, nic->driver,
            nic->channels.rx, nic->channels.rx == 1 ? "" : "s",
            !about->zerocopy_from     ? "zero-copy unknown"
            : about->zerocopy_from[0] ? "zero-copy from kernel "
                                      : "no zero-copy",
            about->zerocopy_from ? about->zerocopy_from : "",
            about->no_metadata ? "no room for" : "room for",
            about->source == DRIVER_SEEN ? "seen" : "read in", about->place);
    }
}

/* What was obtained, always; and what becomes of packets, which depends on it. */
static void announce(const struct live *live)
{
    static const char *const ways[] = {" alone", " and ", " to ", " and back out"};
    const struct afxdp_config *config = live->base.config;
    const struct xdp_attachment *a = redirect_attachment(live->sockets.redirect[0]);
    const char *other = config_other(config);
    uint32_t queues = live->nics.queues;

    say(&live->base.say, AFXDP_INFO,
        "%s%s%s: %s mode, %u queue%s, %s XDP by %s, frames of %u bytes%s", live->nics.nic[0]->name,
        ways[config_way(config)], other ? other : "", sockets_mode(&live->sockets), queues,
        queues == 1 ? "" : "s", a->skb ? "generic" : "native", xdp_means_name(a->means),
        live->sockets.frame_size, live->sockets.multi_buffer ? ", several to a packet" : "");
    announce_drivers(live);
    if (config->watchdog != 0 && !redirect_heartbeat(live->sockets.redirect[0], 0))
        say(&live->base.say, AFXDP_WARNING,
            "there is no watchdog: this kernel has no clock for it (5.6 has); packets wait for a "
            "worker that stands still");
    if (config_way(config) == WAY_CONSUME)
        say(&live->base.say, AFXDP_WARNING,
            "on a single port packets can't go on from the engine: what isn't dropped is consumed "
            "(for more: --bridge, --forward, --hairpin; to protect this host: --datapath kernel)");
}

static int live_open(struct afxdp_datapath *base, struct error *error)
{
    struct live *live = of(base);
    const struct afxdp_config *config = base->config;
    bool other_enters = base->judgement->policy.action[SLOT_OTHER] == ACTION_DROP;

    live->routes = config_way(config) == WAY_BRIDGE ? 2 : 1;
    base->can_limit = true;
    int status = interfaces_open(&live->nics, config, &base->say, error);
    if (status != 0)
        return status;
    live_prefer_node(live);
    status =
        datapath_blocks_open(base, live->nics.queues,
                             config->timestamps == TIMESTAMPS_XDP && !config->trailer_time, error);
    if (status == 0)
        status = live_shunts_open(live, error);
    if (status != 0)
        return status;
    status = sockets_load(&live->sockets, &live->nics, config, other_enters, base->lists.kernel,
                          blocks_map(base->blocks), shunts_map(live->shunts), error);
    if (status == 0)
        status = live_plan_memory(live, error);
    if (status == 0)
        status = interfaces_set_up(&live->nics, config, error);
    if (status == 0)
        status = choose_cores(live, error);
    if (status == 0)
        status = verdicts_open(&live->verdicts, base, live->nics.queues, NULL, error);
    if (status == 0)
        status = events_open(base, live->nics.nic[0]->name, error);
    if (status == 0)
        status = packets_open(
            base, (const char *const[2]){live->nics.nic[0]->name, config_other(config)}, error);
    if (status == 0)
        status = judgement_hosts(&live->hosts, base->judgement, config, true, error);
    if (status == 0)
        status = judgement_limits(&live->limits, base->judgement, config, true, error);
    for (uint32_t i = 0; status == 0 && i < live->nics.queues; i++)
        status = live_prepare_queue(live, i, error);
    if (status == 0)
        status = events_start(base, error);
    if (status == 0)
        status = packets_start(base, error);
    if (status == 0)
        status = sockets_bind(&live->sockets, &live->nics, config, error);
    if (status == 0)
        live->nics.frame_room = sockets_frame_room(&live->sockets, &live->nics);
    if (status == 0)
        status = datapath_blocks_start(base, error);
    if (status == 0 && live->shunts)
        status = shunts_start(live->shunts, error);
    for (uint32_t i = 0; status == 0 && i < live->nics.queues; i++)
        status = live_start_worker(live, i, error);
    return status;
}

static int live_start(struct afxdp_datapath *base, struct error *error)
{
    struct live *live = of(base);

    for (uint32_t i = 0; i < live->nics.ports; i++)
        (void)nic_read_counters(live->nics.nic[i], &live->nic_before[i]);
    int status = wire_attach(&live->sockets.wire, base->config, error);
    if (status != 0)
        return status;
    interfaces_wait_carrier(&live->nics);
    announce(live);
    return 0;
}

/* Drivers turn their sockets away some time before an interface that is removed is gone. */
static int why_ended(const struct live *live, uint32_t queue, struct error *error)
{
    int status = 0;

    for (int waited = 0; status == 0 && waited < REMOVAL_MS; waited += REMOVAL_PAUSE_MS) {
        pause_ms(REMOVAL_PAUSE_MS);
        status = interfaces_check(&live->nics, error);
    }
    return status != 0
               ? status
               : error_set(error, -EIO, "%s: queue %u has failed", live->nics.nic[0]->name, queue);
}

/* 0 while all goes well, else -errno: an interface is gone, or a worker has ended by itself. */
static int check(const struct live *live, struct error *error)
{
    int status = interfaces_check(&live->nics, error);

    for (uint32_t i = 0; status == 0 && i < live->nics.queues; i++) {
        if (worker_has_ended(live->queue[i].worker))
            status = why_ended(live, i, error);
    }
    return status;
}

static int live_poll(struct afxdp_datapath *base, unsigned timeout_ms, struct error *error)
{
    struct live *live = of(base);
    int status = check(live, error);

    if (status != 0)
        return status;
    live_check_promises(live);
    for (uint32_t i = 0; i < 2; i++)
        redirect_set_clock(live->sockets.redirect[i]);
    verdicts_watch(&live->verdicts, base);
    datapath_blocks_watch(base);
    pause_ms(timeout_ms);
    return 1;
}

static bool all_have_taken(const struct live *live, const struct judge *judge)
{
    for (uint32_t i = 0; i < live->nics.queues; i++)
        if (!worker_has_taken(live->queue[i].worker, judge))
            return false;
    return true;
}

static void offer(struct live *live, const struct judge *judge)
{
    for (uint32_t i = 0; i < live->nics.queues; i++)
        worker_offer_judge(live->queue[i].worker, judge);
}

/* Nobody waits forever for a worker: it may hang in a driver. The former judge is then offered
 * again. */
static int live_replace(struct afxdp_datapath *base, const struct judgement *next,
                        struct error *error)
{
    struct live *live = of(base);

    offer(live, &next->judge);
    for (int waited = 0; waited < TAKE_JUDGE_MS; waited++) {
        if (all_have_taken(live, &next->judge))
            return 0;
        pause_ms(1);
    }
    offer(live, &base->judgement->judge);
    return error_set(error, -ETIMEDOUT, "a worker took no new model within %d s",
                     TAKE_JUDGE_MS / 1000);
}

static void live_totals(const struct afxdp_datapath *base, struct stats *totals)
{
    const struct live *live = (const struct live *)base;

    memset(totals, 0, sizeof(*totals));
    for (uint32_t i = 0; i < live->nics.queues; i++)
        for (uint32_t route = 0; live->queue[i].stats && route < live->routes; route++)
            stats_add_snapshot(totals, &live->queue[i].stats[route]);
}

static void report(const struct afxdp_datapath *base, struct report *to)
{
    const struct live *live = (const struct live *)base;

    to->source = live->nics.nic[0]->name;
    to->live = live_report(live);
}

static void join_workers(struct live *live)
{
    for (uint32_t i = 0; i < REDIRECT_QUEUES_MAX; i++)
        if (live->queue[i].worker)
            worker_stop(live->queue[i].worker);
    for (uint32_t i = 0; i < REDIRECT_QUEUES_MAX; i++) {
        if (live->queue[i].worker)
            (void)worker_join(live->queue[i].worker); /* live_poll has seen it */
        live->queue[i].worker = NULL;
    }
}

static int live_stop(struct afxdp_datapath *base, struct error *error)
{
    struct live *live = of(base);

    sockets_disconnect(&live->sockets);
    pause_ms(LAST_PACKETS_MS);
    join_workers(live);
    int status = verdicts_close(&live->verdicts, 0, error);
    int events = events_end(base, status == 0 ? error : NULL);
    status = status == 0 ? events : status;
    int packets = packets_end(base, status == 0 ? error : NULL);
    status = status == 0 ? packets : status;
    int blocks = datapath_blocks_end(base, status == 0 ? error : NULL);
    return status == 0 ? blocks : status;
}

static void live_close(struct afxdp_datapath *base)
{
    struct live *live = of(base);
    enum interfaces_end end = interfaces_end_of(base->config, base->started);
    bool leave = end == INTERFACES_LEFT;
    struct error ignored;

    join_workers(live); /* that a failed start left running */
    if (!base->started)
        interfaces_tell_closed(&live->nics);
    (void)verdicts_close(&live->verdicts, 0, &ignored);
    sockets_close(&live->sockets, leave);
    interfaces_close(&live->nics, end);
    for (uint32_t i = 0; i < REDIRECT_QUEUES_MAX; i++) {
        flow_table_free(live->queue[i].table);
        free(live->queue[i].pipeline);
        free(live->queue[i].stats);
    }
    host_tables_free(live->hosts);
    free(live->limits);
    (void)datapath_blocks_end(base, NULL);
    blocks_close(base->blocks);
    shunts_close(live->shunts);
}

static const struct nic *first_nic(const struct afxdp_datapath *base)
{
    return ((const struct live *)base)->nics.nic[0];
}

static const struct flow_table *table_of(const struct afxdp_datapath *base, uint32_t queue)
{
    const struct live *live = (const struct live *)base;

    return queue < live->nics.queues ? live->queue[queue].table : NULL;
}

static bool queue_of(const struct afxdp_datapath *base, uint32_t port, uint32_t number,
                     struct datapath_queue *view)
{
    const struct live *live = (const struct live *)base;
    const struct live_queue *queue = &live->queue[number];

    if (port >= live->routes || number >= live->nics.queues)
        return false;
    view->interface = live->nics.nic[port]->name;
    stats_add_snapshot(&view->stats, &queue->stats[port]);
    view->worker = port == 0 ? &queue->counters : NULL;
    view->ring = &live->sockets.group[number]->port[port].counters.waiting;
    view->ring_size = live->sockets.group[number]->port[port].rx.size;
    return true;
}

static const struct host_tables *hosts_of(const struct afxdp_datapath *base)
{
    return ((const struct live *)base)->hosts;
}

struct afxdp_datapath *live_datapath_new(void)
{
    static const struct datapath_operations operations = {
        .open = live_open,
        .start = live_start,
        .poll = live_poll,
        .replace = live_replace,
        .totals = live_totals,
        .report = report,
        .stop = live_stop,
        .close = live_close,
        .nic = first_nic,
        .table = table_of,
        .worker = live_worker,
        .queue = queue_of,
        .hosts = hosts_of,
        .allow = datapath_blocks_allow,
    };
    struct live *live = calloc(1, sizeof(*live));

    if (!live)
        return NULL;
    live->base.operations = &operations;
    return &live->base;
}
