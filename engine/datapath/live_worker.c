// SPDX-License-Identifier: BSD-2-Clause
#include "live_worker.h"

#include <stdio.h>

enum { DRAIN_MS = 500 };

static int wait_group(void *context, int timeout_ms)
{
    return xsk_group_wait(context, timeout_ms);
}

static bool group_sent_all(void *context)
{
    return xsk_group_sent_all(context);
}

int live_start_worker(struct live *live, uint32_t i, struct error *error)
{
    struct live_queue *queue = &live->queue[i];
    struct xsk_group *group = live->sockets.group[i];
    struct port *port[2] = {&group->port[0].port, &group->port[1].port};
    struct port *out[] = {
        [WAY_CONSUME] = NULL,
        [WAY_BRIDGE] = port[1],
        [WAY_FORWARD] = port[1],
        [WAY_HAIRPIN] = port[0],
    };
    char name[16];
    struct worker_options options = {
        .pipeline = queue->pipeline,
        .route_count = live->routes,
        .routes = {{port[0], out[config_way(live->base.config)], &queue->stats[0], 0},
                   {port[1], port[0], &queue->stats[live->routes - 1], 1}},
        .ports = {wait_group, group_sent_all, group},
        .core = live->cores.core[i],
        .spin_us = live->base.config->spin_us,
        .drain_ms = DRAIN_MS,
        .name = name,
        .counters = &queue->counters,
        .heartbeat = {redirect_heartbeat(live->sockets.redirect[0], i),
                      redirect_heartbeat(live->sockets.redirect[1], i)},
    };

    snprintf(name, sizeof(name), "worker %u", i % 1000); /* a thread has 15 letters */
    return worker_start(&queue->worker, &options, error);
}
