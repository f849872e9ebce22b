// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The path without a model on an LRU hash map instead of the project's flow table: the alternative
 * that was measured and left. It reports no evictions and keeps fewer flows than it has room for.
 */
#include "path.bpf.h"

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1 << 16);
    __type(key, struct flow_key);
    __type(value, struct flow);
} lru_flows SEC(".maps");

/* A flow's first content comes from a map, being too large for the stack beside the path. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct flow);
} lru_fresh SEC(".maps");

ALWAYS_INLINE struct flow *lru_lookup(struct path_work *work)
{
    struct flow *flow = bpf_map_lookup_elem(&lru_flows, &work->key);
    uint32_t zero = 0;

    if (flow)
        return flow;
    struct flow *fresh = bpf_map_lookup_elem(&lru_fresh, &zero);
    if (!fresh)
        return NULL;
    flow_begin(fresh, &work->key, work->from_low, work->now);
    bpf_map_update_elem(&lru_flows, &work->key, fresh, BPF_ANY);
    return bpf_map_lookup_elem(&lru_flows, &work->key);
}

SEC("xdp")
int afxdp_lru(struct xdp_md *context)
{
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    struct path_work *work = &cpu->work;

    if (path_parse(context, cpu) != PACKET_IP) {
        work->slot = SLOT_OTHER;
        return path_end(context, cpu, PATH_END, false);
    }
    work->from_low = flow_key_of(&work->packet, &work->key);
    work->now = bpf_ktime_get_ns();
    struct flow *flow = lru_lookup(work);

    if (!flow)
        return XDP_ABORTED;
    flow_features_update(flow, &work->packet, work->from_low, work->now, work->features);
    work->verdict = (struct verdict){0, CONFIDENCE_MAX};
    return path_end(context, cpu, PATH_CLASSIFY, false);
}

SEC("xdp")
int afxdp_drop(struct xdp_md *context)
{
    (void)context;
    return XDP_DROP;
}

char lru_license[] SEC("license")
= "GPL";
