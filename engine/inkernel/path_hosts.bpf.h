// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Feature set 2 inside XDP: the host memory as four maps that all CPUs share, and the pipeline's
 * update_hosts (engine/pipeline/pipeline.c) on them. Words are changed by compare-and-swap, which
 * kernels have from 5.12 on: programs of feature set 1 don't include this. */
#ifndef AFXDP_PATH_HOSTS_BPF_H
#define AFXDP_PATH_HOSTS_BPF_H

#include "path_abi.h"

/* Of rows × cells each, see path_configure. Only memory that can be mapped is aligned to cache
 * lines. */
#define PATH_HOST_TABLE(name, cell)                                                                \
    struct {                                                                                       \
        __uint(type, BPF_MAP_TYPE_ARRAY);                                                          \
        __uint(map_flags, BPF_F_MMAPABLE);                                                         \
        __uint(max_entries, 1);                                                                    \
        __type(key, __u32);                                                                        \
        __type(value, struct cell);                                                                \
    } name SEC(".maps")

PATH_HOST_TABLE(path_initiators, host_initiator);
PATH_HOST_TABLE(path_responders, host_responder);
PATH_HOST_TABLE(path_pairs, host_pair);
PATH_HOST_TABLE(path_services, host_service);

/* What was stored before is loaded anew: the verifier then has one state, whichever way led here.
 */
#define PATH_FORGET() __asm__ volatile("" : : : "memory")

/* The same pointer, but for the verifier: it knew the way, and would walk what follows for each. */
ALWAYS_INLINE struct flow *path_same_flow(struct flow_bucket *bucket, const struct flow *flow)
{
    uint64_t offset = (uint64_t)((const uint8_t *)flow - (const uint8_t *)bucket->flow);

    OPAQUE(offset);
    return (struct flow *)(void *)((uint8_t *)bucket->flow +
                                   (offset & (sizeof(bucket->flow) - sizeof(*flow))));
}

/* A flow's cells in one row; false: can't be, for the verifier. */
ALWAYS_INLINE bool path_host_cells(struct host_cells *cells, const struct host_numbers *numbers,
                                   uint32_t row)
{
    uint32_t count = path_options.host_cells;
    uint32_t initiator = host_place(numbers->initiator, row, count);
    uint32_t responder = host_place(numbers->responder, row, count);
    uint32_t pair = host_place(numbers->pair, row, count);
    uint32_t service = host_place(numbers->service, row, count);

    cells->initiator = bpf_map_lookup_elem(&path_initiators, &initiator);
    cells->responder = bpf_map_lookup_elem(&path_responders, &responder);
    cells->pair = bpf_map_lookup_elem(&path_pairs, &pair);
    cells->service = bpf_map_lookup_elem(&path_services, &service);
    return cells->initiator && cells->responder && cells->pair && cells->service;
}

ALWAYS_INLINE bool path_host_rows(struct host_rows *rows, const struct flow *flow)
{
    const struct host_numbers numbers = flow_cells(flow);

    rows->count = path_options.host_rows;
    if (!path_host_cells(&rows->cells[0], &numbers, 0))
        return false;
    return rows->count == 1 || path_host_cells(&rows->cells[1], &numbers, 1);
}

/* Has all cells fetched at once: a compare-and-swap waits for what was loaded before it, and one
 * after the other would wait for its cell alone. */
ALWAYS_INLINE void path_host_fetch(const struct host_cells *cells)
{
    (void)host_word_load(cells->initiator->flows);
    (void)host_word_load(cells->responder->flows);
    (void)host_word_load(cells->pair->flows);
    (void)host_word_load(cells->service->flows);
}

/* An ICMP unreachable tells that a responder refused the flow it quotes a packet of. Returns how
 * many changes of the host memory were left out. */
ALWAYS_INLINE uint32_t path_refuse_quoted(struct xdp_md *context, struct path_cpu *cpu)
{
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    const uint8_t *transport = path_transport(context, &cpu->work);
    struct host_rows rows;
    struct packet quoted;
    struct flow_key key;

    if (!packet_quoted(&cpu->work.packet, transport, end, &quoted))
        return 0;
    bool from_low = flow_key_of(&quoted, &key);
    uint64_t hash = flow_hash(&cpu->seed, &key);
    uint32_t index = cpu->first_bucket + flow_bucket_index(hash, cpu->buckets);
    struct flow_bucket *bucket = bpf_map_lookup_elem(&path_flows, &index);
    if (!bucket)
        return 0;
    struct flow *flow = flow_bucket_find(bucket, hash, &key, cpu->work.now, cpu->timeout);
    if (!flow || !host_flow_is_refused(flow, from_low) || !path_host_rows(&rows, flow))
        return 0;
    return host_tell(&rows, flow, &cpu->work.identity, HOST_EVENT_REFUSED,
                     host_window(cpu->host_time), flow_sample(hash));
}

/* The sixteen features that set 2 adds to a packet, whose flow has counted it; false: can't be, for
 * the verifier. */
ALWAYS_INLINE bool path_update_hosts(struct xdp_md *context, struct path_cpu *cpu,
                                     struct flow *flow, uint64_t hash, bool begun)
{
    struct path_work *work = &cpu->work;
    bool forward = flow_is_forward(flow, work->from_low);
    struct host_rows rows;

    work->details = packet_details_of(&work->packet, path_transport(context, work),
                                      (const uint8_t *)(long)context->data_end);
    PATH_FORGET();
    cpu->host_time = host_time(cpu->host_time, work->now);
    uint32_t window = host_window(cpu->host_time);
    if (begun) {
        work->identity = host_identify(&cpu->host_seed, &work->key, work->from_low);
        flow_cells_set(flow, &work->identity.numbers, window);
    }
    PATH_FORGET();
    if (!path_host_rows(&rows, flow))
        return false;
    if (begun) {
        path_host_fetch(&rows.cells[0]);
        if (rows.count > 1)
            path_host_fetch(&rows.cells[1]);
    }
    flow_listen(flow, &work->details, forward, work->features);
    work->events = host_events(flow, &work->details, forward);
    PATH_FORGET();
    if (work->events)
        cpu->stats.hosts_left_out +=
            host_tell(&rows, flow, &work->identity, work->events, window, flow_sample(hash));
    PATH_FORGET();
    if (work->details.message == PACKET_UNREACHABLE)
        cpu->stats.hosts_left_out += path_refuse_quoted(context, cpu);
    host_read(&rows, window, work->features);
    return true;
}

#endif
