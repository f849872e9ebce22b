// SPDX-License-Identifier: BSD-2-Clause
#include "live_memory.h"

#include <errno.h>
#include <numa.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "memory_plan.h"
#include "packets.h"

void live_prefer_node(const struct live *live)
{
    int node = live->nics.nic[0]->node;

    if (node >= 0 && numa_available() >= 0 && node <= numa_max_node())
        numa_set_preferred(node);
}

int live_plan_memory(struct live *live, struct error *error)
{
    const struct afxdp_config *config = live->base.config;
    const struct memory_need need = {
        .holder = "worker",
        .holders = live->nics.queues,
        .packets = sockets_queue_bytes(&live->sockets, &live->nics, config),
        .beside = events_bytes_of_flow(&live->base),
        .once = judgement_hosts_bytes(live->base.judgement, config),
        .lower = config_is_inline(config) ? " or --ring-rx" : ", --queues or --ring-rx",
    };

    return memory_plan(&live->flows, &need, config, &live->base.say, error);
}

int live_prepare_queue(struct live *live, uint32_t i, struct error *error)
{
    struct live_queue *queue = &live->queue[i];
    struct flow_table_options flows = config_flows(live->base.config);

    flows.flows = live->flows;
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
        .hosts = live->hosts,
        .tunnels = config_tunnels(live->base.config),
        .classifier = live->base.judgement->judge.classifier,
        .policy = live->base.judgement->judge.policy,
        .accuser = blocks_accuser(live->base.blocks, i),
        .limits = live->limits,
        .shunter = shunts_shunter(live->shunts, i),
    };
    verdicts_observe(&live->verdicts, queue->pipeline, i);
    bursts_observe(&queue->bursts, &live->base.say, queue->pipeline, i);
    status = events_observe(&live->base, queue->pipeline, error);
    return status == 0 ? packets_observe(&live->base, queue->pipeline, error) : status;
}
