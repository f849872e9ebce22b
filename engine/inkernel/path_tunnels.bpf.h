// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Tunnels inside XDP: a program in front of the model's, which is what packets enter where they are
 * to be opened. It parses, goes inwards, leaves the innermost packet in the CPU's work and jumps:
 *
 *     afxdp_tunnels ─► path_level, at most four times ─► (tail call) the program with the model
 *
 * The model's program then doesn't parse. Without tunnels it is entered itself, and is the same to
 * the last instruction. */
#ifndef AFXDP_PATH_TUNNELS_BPF_H
#define AFXDP_PATH_TUNNELS_BPF_H

#include "path_abi.h"

/* The program with the model. Made only where afxdp_tunnels is loaded. */
struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} path_inner SEC(".maps");

/* One level of the packet in hand, and whether there was one. A global function: the verifier takes
 * it once, whatever calls it how often, and knows nothing of what it leaves in the work. */
__attribute__((noinline)) int path_level(struct xdp_md *context)
{
    const struct tunnel_options options = {path_options.tunnels.kinds, path_options.tunnels.key};
    struct path_cpu *cpu = path_cpu(context);

    if (!cpu)
        return 0; /* can't be: for the verifier */
    return tunnel_open(&options, (const uint8_t *)(long)context->data,
                       (const uint8_t *)(long)context->data_end, &cpu->work.packet,
                       &cpu->work.outer, &cpu->work.tunnel);
}

/* Where the frame's packet begins, of which `kind` is known. */
ALWAYS_INLINE bool path_tunnel_begin(struct xdp_md *context, struct path_work *work)
{
    const uint8_t *data = (const uint8_t *)(long)context->data;
    const uint8_t *end = (const uint8_t *)(long)context->data_end;

    if (data + 14 > end)
        return false;
    work->tunnel = (struct tunnel){.offset = 14, .available = work->wire_length - 14};
    work->tunnel.type = load_be16(data + 12);
    if (work->kind == PACKET_OTHER)
        work->packet = (struct packet){0};
    TUNNEL_FORGET();
    return tunnel_begin(path_options.tunnels.key, (enum packet_kind)work->kind, data, end,
                        &work->packet, &work->tunnel);
}

SEC("xdp")
int afxdp_tunnels(struct xdp_md *context)
{
    const struct tunnel_options options = {path_options.tunnels.kinds, path_options.tunnels.key};
    struct path_cpu *cpu = path_begin(context);

    if (!cpu)
        return XDP_ABORTED;
    struct path_work *work = &cpu->work;
    work->kind = path_parse(context, cpu);
    TUNNEL_FORGET();
    work->bypassed = path_options.bypass.count && work->kind == PACKET_IP &&
                     path_is_bypassed(context, &work->packet);
    work->gate =
        path_has_gate() && work->kind != PACKET_OTHER ? path_gate(&work->packet) : PATH_CLASSIFY;
    TUNNEL_FORGET();
    if (path_tunnel_begin(context, work)) {
        for (int level = 0; level < TUNNEL_LEVELS; level++) {
            if (!tunnel_may_open(options.kinds, &work->packet, &work->tunnel) ||
                !path_level(context))
                break;
        }
        if (work->packet.version != 0) {
            tunnel_mark(&work->tunnel, &work->packet);
            work->kind = PACKET_IP;
        }
    }
    bpf_tail_call_static(context, &path_inner, 0);
    work->slot = SLOT_UNSURE; /* can't be: the slot was filled before packets came */
    return path_end(context, cpu, PATH_END, false);
}

#endif
