// SPDX-License-Identifier: BSD-2-Clause
/* Flows and their hosts, packet by packet: what all variants of it share (host_pass.h). */
#ifndef AFXDP_HOST_PASS_UPDATE_H
#define AFXDP_HOST_PASS_UPDATE_H

#include "flow_pass.h"
#include "host_features.h"
#include "host_pass.h"
#include "pipeline.h"

/* Of the including file: host_read. */
ALWAYS_INLINE void read_hosts(const struct host_rows *rows, uint32_t window, uint32_t *features);

/* `count`: hosts->rows, where that is known when this is compiled: no loop is left then. */
ALWAYS_INLINE struct host_rows host_rows_of(const struct host_tables *hosts,
                                            const struct flow *flow, uint32_t count)
{
    const struct host_numbers numbers = flow_cells(flow);
    struct host_rows rows = {.count = count};

    for (uint32_t row = 0; row < count; row++)
        rows.cells[row] = host_tables_cells(hosts, &numbers, row);
    return rows;
}

/* An ICMP unreachable tells that a responder refused the flow it quotes a packet of. Rare enough to
 * wait for that flow's bucket. */
static uint32_t refuse_quoted(struct pipeline *pipeline, const struct packet *packet,
                              const uint8_t *transport, const uint8_t *end, uint64_t now)
{
    struct flow_table *table = pipeline->table;
    struct packet quoted;
    struct flow_key key;

    if (!packet_quoted(packet, transport, end, &quoted))
        return 0;
    bool from_low = flow_key_of(&quoted, &key);
    uint64_t hash = flow_hash(&table->seed, &key);
    struct flow *flow =
        flow_bucket_find(flow_table_bucket(table, hash), hash, &key, now, table->timeout);
    if (!flow || !host_flow_is_refused(flow, from_low))
        return 0;
    const struct host_rows rows = host_rows_of(pipeline->hosts, flow, pipeline->hosts->rows);
    return host_tell(&rows, flow, NULL, HOST_EVENT_REFUSED, host_window(pipeline->host_time),
                     flow_sample(hash));
}

/* The sixteen features that set 2 adds to a packet, whose flow has counted it. Returns how many
 * changes of the host memory were left out. */
ALWAYS_INLINE uint32_t update_hosts(struct pipeline *pipeline, const struct host_tables *hosts,
                                    uint32_t row_count, struct flow *flow, bool begun, uint32_t i,
                                    uint32_t *features)
{
    struct burst *burst = &pipeline->burst;
    const struct frame *frame = &burst->frames[burst->place[i]];
    const uint8_t *end = frame->data + frame->length;
    const uint8_t *transport = end - burst->packets[i].seen;
    struct packet_details details = packet_details_of(&burst->packets[i], transport, end);
    bool forward = flow_is_forward(flow, burst->from_low[i]);
    uint32_t left_out = 0;

    pipeline->host_time = host_time(pipeline->host_time, frame->time);
    uint32_t window = host_window(pipeline->host_time);
    if (begun) {
        if (!burst->begins[i]) /* the flow expected there had timed out, or was evicted */
            burst->hosts[i] = host_identify(&hosts->seed, &burst->keys[i], burst->from_low[i]);
        flow_cells_set(flow, &burst->hosts[i].numbers, window);
    }
    const struct host_rows rows = host_rows_of(hosts, flow, row_count);
    flow_listen(flow, &details, forward, features);
    uint32_t events = host_events(flow, &details, forward);
    if (events)
        left_out =
            host_tell(&rows, flow, &burst->hosts[i], events, window, flow_sample(burst->hashes[i]));
    if (details.message == PACKET_UNREACHABLE)
        left_out += refuse_quoted(pipeline, &burst->packets[i], transport, end, frame->time);
    read_hosts(&rows, window, features);
    return left_out;
}

/* As the pipeline's update_flows, for feature set 2, with `rows` of cells. */
ALWAYS_INLINE void update_flows_and_hosts(struct pipeline *pipeline, uint32_t rows,
                                          struct stats *stats)
{
    /* A copy, which no store to a feature can change. */
    const struct host_tables hosts = *pipeline->hosts;
    struct burst *burst = &pipeline->burst;
    struct flow_pass pass = {0};
    uint64_t left_out = 0;

    burst->feature_count = FEATURES_2;
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        uint32_t *features = &burst->features[i * FEATURES_2];
        bool begins;
        struct flow *flow = flow_pass_count(&pass, burst, pipeline->table, i, features, &begins);

        left_out += update_hosts(pipeline, &hosts, rows, flow, begins, i, features);
    }
    flow_pass_end(&pass, burst, stats);
    stats_add(&stats->hosts_left_out, left_out);
}

/* Defines the variant `symbol` out of the file's read_hosts, compiled for one row and for two: no
 * loop over rows is left in either. */
#define HOST_PASS(symbol, name, needs)                                                             \
    static void update(struct pipeline *pipeline, struct stats *stats)                             \
    {                                                                                              \
        if (pipeline->hosts->rows == 1)                                                            \
            update_flows_and_hosts(pipeline, 1, stats);                                            \
        else                                                                                       \
            update_flows_and_hosts(pipeline, HOST_ROWS_MAX, stats);                                \
    }                                                                                              \
                                                                                                   \
    const struct host_pass symbol = {name, needs, update}

#endif
