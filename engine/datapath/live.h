// SPDX-License-Identifier: BSD-2-Clause
/* The AF_XDP datapath: its ports, its sockets, and a worker per queue.
 *
 * Worker i has queue i of each port, a pipeline and a flow table of its own. On a bridge it runs
 * two routes, a→b and b→a, through the one pipeline. */
#ifndef AFXDP_LIVE_H
#define AFXDP_LIVE_H

#include "blocks.h"
#include "bursts.h"
#include "cores.h"
#include "datapath.h"
#include "interfaces.h"
#include "shunts.h"
#include "sockets.h"
#include "verdicts.h"
#include "worker.h"

/* What one worker works with. */
struct live_queue {
    struct flow_table *table;
    struct pipeline *pipeline;
    struct stats *stats; /* one per route */
    struct worker *worker;
    struct bursts bursts;
    struct worker_counters counters;
};

struct live {
    struct afxdp_datapath base;
    struct interfaces nics;
    struct sockets sockets;
    struct cores cores;
    uint32_t routes; /* of each worker */
    uint32_t flows;  /* likewise */
    struct live_queue queue[REDIRECT_QUEUES_MAX];
    struct host_tables *hosts; /* of all workers; NULL: feature set 1 */
    struct shunts *shunts;     /* NULL: no flow is shunted */
    struct limits *limits;     /* likewise of all workers */
    struct verdicts verdicts;
    struct nic_counters nic_before[2];
    bool told_of_times;
};

/* Members `interface`, `mode`, `ports` and `queues` of the JSON object; the caller frees it. Before
 * close. docs/afxdp.md explains each counter. */
json_t *live_report(const struct live *live);

/* As datapath_operations.worker. */
struct worker *live_worker(const struct afxdp_datapath *base, uint32_t queue);

#endif
