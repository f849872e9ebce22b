// SPDX-License-Identifier: BSD-2-Clause
/* A run on an interface through AF_XDP: its ports, its sockets, and a worker per queue.
 *
 * Worker i has queue i of each port, a pipeline and a flow table of its own. On a bridge it runs
 * two paths, a→b and b→a, through the one pipeline. */
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
    struct stats *stats; /* one per path */
    struct worker *worker;
    int status; /* why the worker ended */
};

struct live {
    const struct engine_options *options;
    const struct policy *policy;
    struct live_nics nics;
    struct live_sockets sockets;
    struct cores cores;
    uint32_t paths; /* of each worker */
    struct live_queue queue[REDIRECT_QUEUES_MAX];
    struct verdict_log *log;
    struct nic_counters nic_before[2];
};

/* Sets everything up; nothing is received yet. On failure all is put back. */
int live_open(struct live *live, const struct engine_options *options, const struct model *model,
              const struct policy *policy, struct error *error);

/* Starts the workers, then lets packets come. */
int live_start(struct live *live, struct error *error);

/* No new packets, the workers drain and end. 0, or the -errno that a worker ended with. */
int live_stop(struct live *live);

/* Whether a worker has ended by itself: a port is gone. */
bool live_has_failed(const struct live *live);

/* Says so, and goes on without, where busy polling was asked for and the kernel doesn't do it. */
void live_check_busy_poll(struct live *live);

/* Sum over workers and paths. */
void live_totals(const struct live *live, struct stats *totals);

/* Detaches, closes, puts the interfaces back. `failed`: the run ended by itself. -errno of writing
 * the verdicts. */
int live_close(struct live *live, struct error *error);

#endif
