// SPDX-License-Identifier: BSD-2-Clause
#include "live.h"

#include <errno.h>
#include <numa.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    DRAIN_MS = 500,
    LAST_PACKETS_MS = 20, /* until the kernel has put what it held into the rings */
    PROOF_PACKETS = 256,  /* after which busy polling and NIC times must have shown */
};

/* On the interface's NUMA node, whoever allocates. */
static void prefer_node(int node)
{
    if (node >= 0 && numa_available() >= 0 && node <= numa_max_node())
        numa_set_preferred(node);
}

static int prepare_queue(struct live *live, uint32_t i, const struct model *model,
                         struct error *error)
{
    struct live_queue *queue = &live->queue[i];
    struct flow_table_options flows = live->options->flows;

    flows.ready = true;
    int status = flow_table_new(&queue->table, &flows, error);
    if (status != 0)
        return status;
    queue->pipeline = pipeline_new();
    queue->stats = aligned_alloc(_Alignof(struct stats), live->routes * sizeof(*queue->stats));
    if (!queue->pipeline || !queue->stats)
        return error_set(error, -ENOMEM, "no memory for a pipeline");
    memset(queue->stats, 0, live->routes * sizeof(*queue->stats));
    *queue->pipeline = (struct pipeline){
        .table = queue->table,
        .classifier = model ? model->classifier : NULL,
        .policy = live->policy,
        .observer = live->log ? verdict_log_observer(live->log) : NULL,
    };
    return 0;
}

static int open_log(struct live *live, const struct model *model, struct error *error)
{
    if (!live->options->verdicts)
        return 0;
    if (live->nics.queues > 1)
        return error_set(error, -EINVAL,
                         "--verdicts counts packets in the order of one queue: add --queues 1");
    return verdict_log_open(&live->log, live->options->verdicts, live->policy, model != NULL,
                            error);
}

static int choose_cores(struct live *live, struct error *error)
{
    const char *list = live->options->live.cores;
    int status = 0;

    if (list)
        status = cores_parse(&live->cores, list, live->nics.queues, error);
    else
        cores_choose(&live->cores, live->nics.nic[0]->name, live->nics.queues);
    if (status == 0 && live->cores.shared)
        program_complain(&engine_program, "warning: %u workers share fewer cores",
                         live->nics.queues);
    return status;
}

static void dispose(struct live *live, bool leave)
{
    live_sockets_close(&live->sockets, leave);
    live_nics_close(&live->nics, leave);
    for (uint32_t i = 0; i < REDIRECT_QUEUES_MAX; i++) {
        flow_table_free(live->queue[i].table);
        free(live->queue[i].pipeline);
        free(live->queue[i].stats);
    }
}

int live_open(struct live *live, const struct engine_options *options, const struct model *model,
              const struct policy *policy, struct error *error)
{
    struct error ignored;

    *live = (struct live){.options = options, .policy = policy};
    live->routes = options->live.way == LIVE_BRIDGE ? 2 : 1;
    int status = live_nics_open(&live->nics, &options->live, error);
    if (status != 0)
        return status;
    prefer_node(live->nics.nic[0]->node);
    status = choose_cores(live, error);
    if (status == 0)
        status = open_log(live, model, error);
    for (uint32_t i = 0; status == 0 && i < live->nics.queues; i++)
        status = prepare_queue(live, i, model, error);
    if (status == 0)
        status = live_sockets_open(&live->sockets, &live->nics, &options->live,
                                   policy->action[SLOT_OTHER] == ACTION_DROP, error);
    if (status != 0) {
        if (live->log)
            verdict_log_close(live->log, &ignored);
        dispose(live, false);
        return status;
    }
    live_nics_wait_carrier(&live->nics);
    return 0;
}

static int wait_group(void *context, int timeout_ms)
{
    return xsk_group_wait(context, timeout_ms);
}

static bool group_sent_all(void *context)
{
    return xsk_group_sent_all(context);
}

static int start_worker(struct live *live, uint32_t i, struct error *error)
{
    struct live_queue *queue = &live->queue[i];
    struct xsk_group *group = live->sockets.group[i];
    struct port *port[2] = {&group->port[0].port, &group->port[1].port};
    struct port *out[] = {
        [LIVE_CONSUME] = NULL,
        [LIVE_BRIDGE] = port[1],
        [LIVE_FORWARD] = port[1],
        [LIVE_HAIRPIN] = port[0],
    };
    char name[16];
    struct worker_options options = {
        .pipeline = queue->pipeline,
        .route_count = live->routes,
        .routes = {{port[0], out[live->options->live.way], &queue->stats[0]},
                   {port[1], port[0], &queue->stats[live->routes - 1]}},
        .ports = {wait_group, group_sent_all, group},
        .core = live->cores.core[i],
        .spin_us = live->options->live.spin_us,
        .drain_ms = DRAIN_MS,
        .name = name,
        .counters = &queue->counters,
    };

    snprintf(name, sizeof(name), "worker %u", i % 1000); /* a thread has 15 letters */
    return worker_start(&queue->worker, &options, error);
}

int live_start(struct live *live, struct error *error)
{
    int status = 0;

    for (uint32_t i = 0; i < live->nics.ports; i++)
        (void)nic_read_counters(live->nics.nic[i], &live->nic_before[i]);
    for (uint32_t i = 0; status == 0 && i < live->nics.queues; i++)
        status = start_worker(live, i, error);
    if (status == 0)
        status = live_sockets_connect(&live->sockets, error);
    return status;
}

void live_stop(struct live *live)
{
    const struct timespec moment = {.tv_nsec = LAST_PACKETS_MS * 1000000};

    live_sockets_disconnect(&live->sockets);
    nanosleep(&moment, NULL);
    for (uint32_t i = 0; i < live->nics.queues; i++)
        if (live->queue[i].worker)
            worker_stop(live->queue[i].worker);
    for (uint32_t i = 0; i < live->nics.queues; i++) {
        if (live->queue[i].worker)
            (void)worker_join(live->queue[i].worker); /* live_check has seen it */
        live->queue[i].worker = NULL;
    }
}

int live_check(const struct live *live, struct error *error)
{
    int status = live_nics_check(&live->nics, error);

    for (uint32_t i = 0; status == 0 && i < live->nics.queues; i++) {
        if (worker_has_ended(live->queue[i].worker))
            status = error_set(error, -EIO, "%s: queue %u has failed", live->nics.nic[0]->name, i);
    }
    return status;
}

static void check_busy_poll(const struct live *live, uint32_t queue, uint32_t port)
{
    struct xsk_port *p = &live->sockets.group[queue]->port[port];

    if (!__atomic_load_n(&p->busy_poll, __ATOMIC_RELAXED) || xsk_port_busy_polls(p))
        return;
    __atomic_store_n(&p->busy_poll, false, __ATOMIC_RELAXED);
    program_complain(&engine_program,
                     "warning: %s: queue %u can't be busy-polled, its driver names no NAPI "
                     "instance; waiting for wake-ups instead",
                     live->nics.nic[port]->name, queue);
}

static void check_times(struct live *live, const struct xsk_port *port, uint64_t received)
{
    if (live->told_of_times || !port->nic_clock ||
        __atomic_load_n(&port->counters.unstamped, __ATOMIC_RELAXED) < received)
        return;
    live->told_of_times = true;
    program_complain(&engine_program,
                     "warning: %s: the driver gives no arrival times, so every interval is 0: "
                     "--timestamps xdp has them from the kernel",
                     live->nics.nic[0]->name);
}

void live_check_promises(struct live *live)
{
    for (uint32_t i = 0; i < live->nics.queues; i++) {
        for (uint32_t port = 0; port < live->nics.ports; port++) {
            const struct xsk_port *p = &live->sockets.group[i]->port[port];
            uint64_t received = __atomic_load_n(&p->counters.received, __ATOMIC_RELAXED);

            if (received < PROOF_PACKETS)
                continue;
            check_busy_poll(live, i, port);
            check_times(live, p, received);
        }
    }
}

void live_totals(const struct live *live, struct stats *totals)
{
    memset(totals, 0, sizeof(*totals));
    for (uint32_t i = 0; i < live->nics.queues; i++)
        for (uint32_t route = 0; route < live->routes; route++)
            stats_add_snapshot(totals, &live->queue[i].stats[route]);
}

int live_close(struct live *live, struct error *error)
{
    bool leave = live->options->live.leave_open && live->sockets.stays;
    int status = live->log ? verdict_log_close(live->log, error) : 0;

    dispose(live, leave);
    return status;
}
