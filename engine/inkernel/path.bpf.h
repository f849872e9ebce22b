// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The path of a packet inside XDP, from parse to verdict, around one classify call:
 *
 *     path_begin ─► path_features ──► classify ──► path_end
 *                        │ not IP, malformed            ▲
 *                        └──────────────────────────────┘
 *
 * A program that includes this has the maps below; engine/inkernel/path.h fills them. With
 * PATH_HOSTS it computes feature set 2 and has the maps of path_hosts.bpf.h as well. Steps are the
 * pipeline's (engine/pipeline/pipeline.c), with its headers, its counters and its evictions. Each
 * CPU has its own flow table: both directions of a flow must come in on one CPU. */
#ifndef AFXDP_PATH_BPF_H
#define AFXDP_PATH_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "bypass.bpf.h"
#include "lists.bpf.h"
#include "packet_trace.h"
#include "path_abi.h"

const volatile struct path_options path_options SEC(".rodata.path") = {};

/* The generation that new packets take; user space flips it (path_replace). */
volatile uint32_t path_generation SEC(".data.path")
= 0;

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1); /* possible CPUs × ports × queues */
    __type(key, __u32);
    __type(value, struct path_cpu);
} path_cpus SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE); /* its memory is aligned to cache lines */
    __uint(max_entries, 1);            /* possible CPUs × buckets */
    __type(key, __u32);
    __type(value, struct flow_bucket);
} path_flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PATH_GENERATIONS);
    __type(key, __u32);
    __type(value, struct path_policy);
} path_policies SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, PATH_PORTS);
    __type(key, __u32);
    __type(value, __u32);
} path_ports SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, PATH_RECORDS);
} path_records SEC(".maps");

/* 0 for the first interface, 1 for the other. */
ALWAYS_INLINE uint32_t path_port(struct xdp_md *context)
{
    return context->ingress_ifindex != path_options.first_ifindex;
}

/* This CPU's element for the packet's queue; never NULL once the map is as large as path.h makes
 * it. */
ALWAYS_INLINE struct path_cpu *path_cpu(struct xdp_md *context)
{
    uint32_t index = bpf_get_smp_processor_id();

    if (path_options.ports > 1)
        index = index * PATH_PORTS + path_port(context);
    if (path_options.queues > 1) {
        uint32_t queue = context->rx_queue_index;
        uint32_t last = path_options.queues - 1;

        index = index * path_options.queues + (queue < last ? queue : last);
    }
    return bpf_map_lookup_elem(&path_cpus, &index);
}

/* The element, for a packet that comes in. */
ALWAYS_INLINE struct path_cpu *path_begin(struct xdp_md *context)
{
    struct path_cpu *cpu = path_cpu(context);

    if (cpu)
        cpu->work.generation = path_generation & (PATH_GENERATIONS - 1);
    return cpu;
}

/* Bench only: the packet comes from another host than the one before, so that flows rotate. */
ALWAYS_INLINE void path_change_source(struct path_cpu *cpu, uint8_t *data, const uint8_t *end)
{
    if (data + 30 <= end)
        *(uint32_t *)(data + 26) =
            __builtin_bswap32((uint32_t)cpu->entered & path_options.bench_mask);
}

/* Time and length of the packet, and what the parser says of it. */
ALWAYS_INLINE enum packet_kind path_parse(struct xdp_md *context, struct path_cpu *cpu)
{
    uint8_t *data = (uint8_t *)(long)context->data;
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    struct path_work *work = &cpu->work;

    cpu->entered++;
    if (path_options.bench_mask)
        path_change_source(cpu, data, end);
    if (path_options.stamped) {
        const struct path_stamp *stamp = (const struct path_stamp *)(long)context->data_meta;

        if ((const void *)(stamp + 1) > (const void *)data)
            return PACKET_OTHER;
        work->now = stamp->time;
        work->wire_length = stamp->wire_length;
    } else {
        work->wire_length = path_options.frags ? (uint32_t)bpf_xdp_get_buff_len(context)
                                               : (uint32_t)(context->data_end - context->data);
    }
    return packet_parse_ethernet(data, end, work->wire_length, &work->packet);
}

/* A transport's place in a frame is below: extension headers end before 17 kB. Told to the
 * verifier, which takes no larger number than 0xffff with what is read behind it. */
enum { PATH_OFFSET_MASK = 0x7fff };

/* Where the packet's bytes behind IP begin. */
ALWAYS_INLINE const uint8_t *path_transport(const struct xdp_md *context,
                                            const struct path_work *work)
{
    const uint8_t *data = (const uint8_t *)(long)context->data;
    uint64_t offset = (uint64_t)((const uint8_t *)(long)context->data_end - data);

    OPAQUE(offset); /* else clang subtracts from the pointer */
    offset -= work->packet.seen;
    OPAQUE(offset);
    return data + (offset & PATH_OFFSET_MASK);
}

/* What is told of a packet of this flow. */
ALWAYS_INLINE void path_note(const struct xdp_md *context, struct path_work *work, uint32_t bucket,
                             uint64_t offset)
{
    const uint8_t *data = (const uint8_t *)(long)context->data;
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    const uint8_t *transport = path_transport(context, work);
    struct path_trace *trace = &work->trace;

    OPAQUE(offset);
    trace->place = bucket * FLOW_WAYS + (uint32_t)(offset / sizeof(struct flow));
    packet_vlans(data, end, trace->vlan);
    trace->icmp = packet_icmp(&work->packet, transport, end);
    trace->flags = packet_tcp_flags(&work->packet, transport, end);
}

ALWAYS_INLINE bool path_is_bypassed(const struct xdp_md *context, const struct packet *packet)
{
    return bypass_applies(&path_options.bypass, (const uint8_t *)(long)context->data,
                          (const uint8_t *)(long)context->data_end, packet);
}

/* Whether afxdp_tunnels runs first. */
ALWAYS_INLINE bool path_opens(void)
{
    return path_options.tunnels.kinds != 0 || (path_options.tunnels.key & TUNNEL_KEY_VLAN) != 0;
}

#ifdef PATH_HOSTS
#include "path_hosts.bpf.h"
#endif

enum path_next {
    PATH_CLASSIFY, /* work.features are filled */
    PATH_END,      /* work.slot is settled */
    /* The rest is left alone: */
    PATH_BYPASS,   /* never touched */
    PATH_UNSERVED, /* not by this engine: it came in on another queue */
    PATH_ALLOWED,
    PATH_DENIED,
    PATH_BLOCKED,
    PATH_SHUNTED,
};

ALWAYS_INLINE bool path_is_left_alone(enum path_next next)
{
    return next >= PATH_BYPASS;
}

#include "path_acts.bpf.h"

/* Whether something is asked of a packet's addresses. */
ALWAYS_INLINE bool path_has_gate(void)
{
    return path_options.lists || path_options.blocks;
}

/* What its addresses say of a packet that the parser has read, or found malformed: that it is left
 * alone, and how; PATH_CLASSIFY: nothing. */
ALWAYS_INLINE uint32_t path_gate(const struct packet *packet)
{
    struct address_pair pair;

    if (!address_pair_of(&pair, packet))
        return PATH_CLASSIFY;
    if (path_options.lists) {
        enum listed listed = lists_say_of(&pair);

        if (listed != LISTED_NOWHERE)
            return listed == LISTED_ALLOWED ? PATH_ALLOWED : PATH_DENIED;
    }
    return path_options.blocks && blocked_has(&pair.source) ? PATH_BLOCKED : PATH_CLASSIFY;
}

/* As a function of its own, behind which the verifier has forgotten how the answer came about: it
 * walks what follows once. Not for programs that make tail calls, nor for one with spliced code. */
static __attribute__((noinline)) uint32_t gate_ask(const struct packet *packet)
{
    return path_gate(packet);
}

/* Parse, flow and features. `apart`: the program may have functions of its own (gate_ask). */
ALWAYS_INLINE enum path_next path_features(struct xdp_md *context, struct path_cpu *cpu, bool apart)
{
    struct path_work *work = &cpu->work;

    if (path_options.served && context->rx_queue_index >= path_options.served)
        return PATH_UNSERVED;
    enum packet_kind kind = path_opens() ? (enum packet_kind)work->kind : path_parse(context, cpu);

    if (path_options.bypass.count && kind == PACKET_IP &&
        (path_opens() ? work->bypassed != 0 : path_is_bypassed(context, &work->packet)))
        return PATH_BYPASS;
    if (path_has_gate() && (path_opens() || kind != PACKET_OTHER)) {
        uint32_t gate = path_opens() ? work->gate
                        : apart      ? gate_ask(&work->packet)
                                     : path_gate(&work->packet);

        if (gate != PATH_CLASSIFY)
            return (enum path_next)gate;
    }
    if (kind != PACKET_IP) {
        work->slot = kind == PACKET_OTHER ? SLOT_OTHER : SLOT_MALFORMED;
        return PATH_END;
    }

    work->from_low = flow_key_of(&work->packet, &work->key);
    if (path_options.shunts) {
        if (!path_options.stamped)
            work->now = bpf_ktime_get_ns();
        if (path_goes_by(context, cpu))
            return PATH_SHUNTED;
    }
    uint64_t hash = flow_hash(&cpu->seed, &work->key);
    uint32_t index = cpu->first_bucket + flow_bucket_index(hash, cpu->buckets);
    struct flow_bucket *bucket = bpf_map_lookup_elem(&path_flows, &index);
    if (!bucket)
        return PATH_BYPASS; /* can't be: for the verifier */
    if (!path_options.stamped && !path_options.shunts)
        work->now = bpf_ktime_get_ns();

    struct flow_lookup lookup;
    struct flow *flow = flow_bucket_lookup(bucket, hash, &work->key, work->from_low, work->now,
                                           cpu->timeout, &lookup);
    if (lookup.event != FLOW_KNOWN)
        cpu->stats.flows++;
    if (lookup.event == FLOW_EVICTED)
        cpu->stats.evictions++;
    if (path_options.records)
        path_note(context, work, index,
                  (uint64_t)((const uint8_t *)flow - (const uint8_t *)bucket->flow));
#ifdef PATH_HOSTS
    flow = path_same_flow(bucket, flow);
#endif
    flow_features_update(flow, &work->packet, work->from_low, work->now, work->features);
    if (path_options.blocks || path_options.shunts) {
        work->hash = hash;
        work->flow_packets = flow->packets;
    }
#ifdef PATH_HOSTS
    if (!path_update_hosts(context, cpu, flow, hash, lookup.event != FLOW_KNOWN))
        return PATH_BYPASS; /* can't be: for the verifier */
#endif
    return PATH_CLASSIFY;
}

#include "path_end.bpf.h"
#include "path_tunnels.bpf.h"

#endif
