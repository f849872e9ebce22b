// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Sends each queue's packets to its AF_XDP socket and hands their arrival time over.
 *
 * What the engine never looks at doesn't enter the ring, since a frame can't come back from it:
 * non-IP frames, --bypass traffic, --allow prefixes, shunted flows, and queues without a live
 * socket. On a single port these pass to the host's stack; inline (`inline_port`) they cross to the
 * other port. A socket leaves the map when its process dies: that is the whole of fail-open. A
 * worker that only stands still stops writing its heartbeat, and new packets go the same ways. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "blocked.bpf.h"
#include "bypass.bpf.h"
#include "leaving.bpf.h"
#include "lists.bpf.h"
#include "redirect_abi.h"
#include "redirect_shunts.bpf.h"
#include "tunnel_headers.h"

const volatile uint32_t inline_port = 0;   /* 1: what would pass to the stack crosses instead */
const volatile uint32_t fail_closed = 0;   /* 1: without a live socket IP is dropped */
const volatile uint32_t other_enters = 0;  /* 1: non-IP too goes to the engine (other=drop) */
const volatile uint32_t complete_ring = 0; /* 1: checksums of what goes to a socket are completed */
const volatile uint32_t complete_cross = 0; /* 1: and those of what crosses by itself */
const volatile uint64_t watchdog_ns = 0;    /* a heartbeat older than that is stale; 0: none is */
const volatile uint64_t tick_ns = 0;
const volatile uint32_t tunnels = 0;      /* those that are opened, bits of 1 << enum tunnel_kind */
const volatile uint32_t lists_given = 0;  /* 1: --allow or --deny */
const volatile uint32_t blocks_given = 0; /* 1: hosts may be blocked */
const volatile struct bypass bypass = {};

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, REDIRECT_QUEUES_MAX);
    __type(key, __u32);
    __type(value, __u32);
} sockets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} other_port SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, REDIRECT_QUEUES_MAX);
    __type(key, __u32);
    __type(value, struct redirect_counters);
} counters SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, REDIRECT_QUEUES_MAX);
    __type(key, __u32);
    __type(value, struct redirect_heartbeat);
} heartbeats SEC(".maps");

/* The same answer as packet_parse_network: a frame it calls PACKET_OTHER is not IP, but may be a
 * tunnel with IP in it that the engine is to open. */
ALWAYS_INLINE bool is_for_engine(const uint8_t *data, const uint8_t *end)
{
    uint16_t type;

    if (!packet_network(data, end, &type))
        return false;
    return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 ||
           (tunnels & tunnel_kinds_of_ethertype(type));
}

ALWAYS_INLINE bool is_bypassed(const uint8_t *data, const uint8_t *end)
{
    struct packet packet;

    /* Only the first of a frame's buffers is here, and for the ports no length matters. */
    return packet_parse_ethernet(data, end, UINT32_MAX, &packet) == PACKET_IP &&
           bypass_applies(&bypass, data, end, &packet);
}

ALWAYS_INLINE int untouched(struct xdp_md *context, uint64_t *counter,
                            struct redirect_counters *count)
{
    if (!inline_port) {
        *counter += 1;
        return XDP_PASS;
    }
    int action = (int)bpf_redirect_map(&other_port, 0, XDP_DROP);

    if (action == XDP_REDIRECT && leaving_prepare(context, complete_cross)) {
        *counter += 1;
        return action;
    }
    count->uncrossed += 1;
    return XDP_DROP;
}

ALWAYS_INLINE bool stands_still(uint32_t slot)
{
    const volatile struct redirect_heartbeat *beat = bpf_map_lookup_elem(&heartbeats, &slot);

    if (!beat)
        return false; /* can't be: for the verifier */
    uint64_t now = (uint32_t)bpf_jiffies64() * tick_ns + beat->offset;
    return (int64_t)(now - beat->time) > (int64_t)watchdog_ns;
}

ALWAYS_INLINE int without_worker(struct xdp_md *context, struct redirect_counters *count)
{
    if (fail_closed) {
        count->stalled_dropped += 1;
        return XDP_DROP;
    }
    if (inline_port)
        return untouched(context, &count->stalled_crossed, count);
    return untouched(context, &count->stalled_passed, count);
}

/* Whether the packet goes by, for its flow is shunted. */
ALWAYS_INLINE bool goes_by(struct xdp_md *context, struct redirect_counters *count)
{
    int answer = shunts_ask(context);

    count->shunts_judged += answer == SHUNT_JUDGE;
    count->shunts_finished += answer == SHUNT_FINISHED;
    count->shunts_silent += answer == SHUNT_SILENT;
    if (answer != SHUNT_GOES)
        return false;
    count->shunted_bytes += shunt_length(context);
    return true;
}

#ifdef REDIRECT_NIC_CLOCK
extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *context, __u64 *time) __ksym;
#endif

ALWAYS_INLINE bool arrival_time(struct xdp_md *context, uint64_t *time)
{
#ifdef REDIRECT_NIC_CLOCK
    __u64 nic = 0;
    int status = bpf_xdp_metadata_rx_timestamp(context, &nic);

    *time = nic;
    return status == 0 && nic != 0; /* veth has the function, and no clock behind it */
#else
    (void)context;
    *time = bpf_ktime_get_ns();
    return true;
#endif
}

ALWAYS_INLINE bool stamp(struct xdp_md *context)
{
    uint64_t time;

    if (!arrival_time(context, &time) ||
        bpf_xdp_adjust_meta(context, -(int)sizeof(struct redirect_stamp)) != 0)
        return false;

    struct redirect_stamp *where = (struct redirect_stamp *)(long)context->data_meta;
    if ((void *)(where + 1) > (void *)(long)context->data)
        return false;
    where->mark = REDIRECT_STAMP_MARK;
    where->time = time;
    return true;
}

ALWAYS_INLINE int redirect(struct xdp_md *context, bool stamped)
{
    const uint8_t *data = (const uint8_t *)(long)context->data;
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    uint32_t queue = context->rx_queue_index;
    /* Queues that no map has room for share the last one's counters. */
    uint32_t slot = queue < REDIRECT_QUEUES_MAX ? queue : REDIRECT_QUEUES_MAX - 1;
    struct redirect_counters *count = bpf_map_lookup_elem(&counters, &slot);

    if (!count)
        return XDP_PASS; /* can't be: for the verifier */
    if (!other_enters && !is_for_engine(data, end))
        return untouched(context, &count->other, count);
    if (bypass.count > 0 && is_bypassed(data, end))
        return untouched(context, &count->bypassed, count);
    struct address_pair pair;
    bool addressed = (lists_given || blocks_given) && lists_load(&pair, data, end);
    enum listed listed = lists_given && addressed ? lists_say_of(&pair) : LISTED_NOWHERE;
    if (listed == LISTED_ALLOWED)
        return untouched(context, &count->allowed, count);

    int action = (int)bpf_redirect_map(&sockets, queue, XDP_PASS);
    if (action != XDP_REDIRECT) {
        if (!fail_closed)
            return untouched(context, &count->uncovered, count);
        count->closed += 1;
        return XDP_DROP;
    }
    if (watchdog_ns && stands_still(slot))
        return without_worker(context, count);
    if (listed == LISTED_DENIED) {
        count->denied += 1;
        return XDP_DROP;
    }
    if (blocks_given && addressed && blocked_has(&pair.source)) {
        count->blocked += 1;
        return XDP_DROP;
    }
    if (shunts_given && goes_by(context, count))
        return untouched(context, &count->shunted, count);
    if (!leaving_prepare(context, complete_ring)) {
        count->uncrossed += 1;
        return XDP_DROP;
    }
    count->redirected += 1;
    if (stamped && !stamp(context))
        count->unstamped += 1;
    return action;
}

SEC("xdp")
int afxdp_redirect(struct xdp_md *context)
{
    return redirect(context, true);
}

/* Without arrival times. A program of its own, because kernels from 6.13 on let no program behind
 * an older libxdp's dispatcher that as much as contains a call which moves packet data. */
SEC("xdp")
int afxdp_unstamped(struct xdp_md *context)
{
    return redirect(context, false);
}

char LICENSE[] SEC("license")
= "GPL";
