// SPDX-License-Identifier: BSD-2-Clause
/* A run on an interface through AF_XDP: its ports, its sockets, and a worker per queue.
 *
 * Worker i has queue i of each port, a pipeline and a flow table of its own. On a bridge it runs
 * two routes, a→b and b→a, through the one pipeline. */
#ifndef AFXDP_LIVE_H
#define AFXDP_LIVE_H

#include "cores.h"
#include "engine_options.h"
#include "live_nics.h"
#include "live_sockets.h"
#include "model_open.h"
#include "verdict_log.h"
#include "worker.h"

/* What one worker works with. */
struct live_queue {
    struct flow_table *table;
    struct pipeline *pipeline;
    struct stats *stats; /* one per route */
    struct worker *worker;
    struct worker_counters counters;
};

struct live {
    const struct engine_options *options;
    const struct policy *policy;
    struct live_nics nics;
    struct live_sockets sockets;
    struct cores cores;
    uint32_t routes; /* of each worker */
    struct live_queue queue[REDIRECT_QUEUES_MAX];
    struct verdict_log *log;
    struct nic_counters nic_before[2];
    bool told_of_times;
};

/* Sets everything up; nothing is received yet. On failure all is put back. */
int live_open(struct live *live, const struct engine_options *options, const struct model *model,
              const struct policy *policy, struct error *error);

/* Starts the workers, then lets packets come. */
int live_start(struct live *live, struct error *error);

/* No new packets, the workers drain and end. */
void live_stop(struct live *live);

/* 0 while all goes well, else -errno: an interface is gone, or a worker has ended by itself. */
int live_check(const struct live *live, struct error *error);

/* Once there were packets: says so, once, where the kernel doesn't busy-poll as asked, and goes on
 * without; and where the NIC gives no times. */
void live_check_promises(struct live *live);

/* Sum over workers and routes. */
void live_totals(const struct live *live, struct stats *totals);

/* Detaches, closes, puts the interfaces back. -errno of writing the verdicts. */
int live_close(struct live *live, struct error *error);

#endif
