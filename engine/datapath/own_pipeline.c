// SPDX-License-Identifier: BSD-2-Clause
/* The public header's pipeline: the engine's own, between a port that asks the caller's source and
 * an observer that tells it the verdicts. */
#include "own_pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bursts.h"
#include "config.h"
#include "judgement.h"
#include "pipeline.h"
#include "public_error.h"
#include "public_model.h"
#include "totals.h"

struct afxdp_pipeline {
    struct port port;
    struct burst_observer observer;
    struct afxdp_source source;
    struct judgement *judgement;
    struct flow_table *table;
    struct host_tables *hosts; /* NULL: feature set 1 */
    struct limits *limits;     /* NULL: none */
    struct pipeline *pipeline;
    struct stats *stats;
};

static struct afxdp_pipeline *of_port(struct port *port)
{
    return (struct afxdp_pipeline *)((char *)port - offsetof(struct afxdp_pipeline, port));
}

static int source_receive(struct port *port, struct frame *frames, uint32_t most)
{
    const struct afxdp_source *source = &of_port(port)->source;

    return source->receive(source->context, (struct afxdp_frame *)frames, most);
}

static uint32_t source_send(struct port *port, const struct frame *frames, uint32_t count)
{
    const struct afxdp_source *source = &of_port(port)->source;

    return source->send(source->context, (const struct afxdp_frame *)frames, count);
}

static void source_release(struct port *port, const struct frame *frames, uint32_t count)
{
    const struct afxdp_source *source = &of_port(port)->source;

    if (source->release)
        source->release(source->context, (const struct afxdp_frame *)frames, count);
}

static void source_flush(struct port *port)
{
    const struct afxdp_source *source = &of_port(port)->source;

    if (source->flush)
        source->flush(source->context);
}

static void tell(struct burst_observer *observer, const struct burst *burst)
{
    const struct afxdp_pipeline *p =
        (const struct afxdp_pipeline *)((const char *)observer -
                                        offsetof(struct afxdp_pipeline, observer));
    struct afxdp_result results[BURST_MAX];

    bursts_results(burst, results);
    p->source.judged(p->source.context, (const struct afxdp_frame *)burst->frames, results,
                     burst->count);
}

static int set_up(struct afxdp_pipeline *p, const struct afxdp_config *config, struct error *error)
{
    struct flow_table_options flows = config_flows(config);
    int status = config_check_as(config, DATAPATH_OWN, error);

    if (status == 0)
        status = judgement_new(&p->judgement, config, error);
    if (status == 0)
        status = flow_table_new(&p->table, &flows, error);
    if (status == 0)
        status = judgement_hosts(&p->hosts, p->judgement, config, false, error);
    if (status == 0)
        status = judgement_limits(&p->limits, p->judgement, config, false, error);
    if (status != 0)
        return status;
    p->pipeline = pipeline_new();
    p->stats = aligned_alloc(_Alignof(struct stats), sizeof(*p->stats));
    if (!p->pipeline || !p->stats)
        return error_set(error, -ENOMEM, "no memory for a pipeline");
    memset(p->stats, 0, sizeof(*p->stats));
    p->pipeline->table = p->table;
    p->pipeline->hosts = p->hosts;
    p->pipeline->limits = p->limits;
    p->pipeline->tunnels = config->tunnels;
    p->pipeline->classifier = p->judgement->judge.classifier;
    p->pipeline->policy = p->judgement->judge.policy;
    return 0;
}

int afxdp_pipeline_new(struct afxdp_pipeline **out, const struct afxdp_config *config,
                       const struct afxdp_source *source, struct afxdp_error *error)
{
    static const struct port_operations operations = {source_receive, source_send, source_release,
                                                      source_flush};
    struct afxdp_pipeline *p = calloc(1, sizeof(*p));
    struct error said;

    if (!p)
        return public_error(error, error_set(&said, -ENOMEM, "no memory for a pipeline"), &said);
    p->port.operations = &operations;
    p->observer.observe = tell;
    p->source = *source;
    int status = set_up(p, config, &said);
    if (status != 0) {
        afxdp_pipeline_free(p);
        return public_error(error, status, &said);
    }
    if (source->judged)
        p->pipeline->observer = &p->observer;
    *out = p;
    return 0;
}

void afxdp_pipeline_free(struct afxdp_pipeline *p)
{
    if (!p)
        return;
    free(p->pipeline);
    free(p->stats);
    host_tables_free(p->hosts);
    free(p->limits);
    flow_table_free(p->table);
    judgement_free(p->judgement);
    free(p);
}

const struct afxdp_model *afxdp_pipeline_model(const struct afxdp_pipeline *p)
{
    return public_model(p->judgement->model);
}

int afxdp_pipeline_run(struct afxdp_pipeline *p)
{
    const struct route route = {
        .in = &p->port,
        .out = p->source.send ? &p->port : NULL,
        .stats = p->stats,
    };

    return pipeline_run(p->pipeline, &route);
}

const struct burst *own_pipeline_burst(const struct afxdp_pipeline *p)
{
    return &p->pipeline->burst;
}

void afxdp_pipeline_read(const struct afxdp_pipeline *p, struct afxdp_totals *totals)
{
    struct stats stats = {0};

    stats_add_snapshot(&stats, p->stats);
    totals_of(&stats, totals);
}
