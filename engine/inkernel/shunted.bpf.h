// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Shunted flows: who is in the map goes by without being judged, but for a packet now and then.
 * When a flow is shunted is user space's to say (shunted.h); here it ends with RST, FIN or silence,
 * or when others are shunted who were seen later. */
#ifndef AFXDP_SHUNTED_BPF_H
#define AFXDP_SHUNTED_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "packet_trace.h"
#include "shunt.h"

/* Not made without shunts. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1);
    __type(key, struct flow_key);
    __type(value, struct shunt);
} shunted_flows SEC(".maps");

/* 0: no flow is ever shunted, and shunts_ask is empty: the verifier walks it even where nobody
 * calls it, and without CAP_PERFMON it refuses what is done with pointers there. */
const volatile uint32_t shunts_given = 0;
const volatile uint64_t shunts_every = 1; /* the last of so many packets is judged, */
const volatile uint64_t shunts_ns = 0; /* and one so long after; so long a silence ends a shunt */
const volatile uint32_t shunts_frags = 0; /* 1: frames may come in several buffers */

enum shunt_answer {
    SHUNT_NONE,     /* the flow isn't shunted */
    SHUNT_GOES,     /* the packet goes by */
    SHUNT_JUDGE,    /* it goes to a worker, its flow stays shunted */
    SHUNT_FINISHED, /* RST or FIN: the flow isn't shunted any more */
    SHUNT_SILENT,   /* likewise, for it was silent */
};

/* Bytes of a frame. */
ALWAYS_INLINE uint64_t shunt_length(struct xdp_md *context)
{
    return shunts_frags ? bpf_xdp_get_buff_len(context) : context->data_end - context->data;
}

/* A transport's place in a frame: extension headers end before 17 kB. */
enum { SHUNT_OFFSET_MASK = 0x7fff };

ALWAYS_INLINE bool shunt_finishes(const uint8_t *data, const uint8_t *end,
                                  const struct packet *packet)
{
    uint64_t offset = (uint64_t)(end - data);

    OPAQUE(offset); /* else clang subtracts from the pointer */
    offset -= packet->seen;
    OPAQUE(offset);
    return packet_tcp_flags(packet, data + (offset & SHUNT_OFFSET_MASK), end) & (TCP_FIN | TCP_RST);
}

/* Two CPUs may see packets of a flow at once: packets and bytes are exact, when one is judged needs
 * not be. */
ALWAYS_INLINE enum shunt_answer shunt_count(struct shunt *shunt, uint64_t now, uint64_t length)
{
    shunt->last = now;
    if ((int64_t)shunt->left <= 1 || now - shunt->judged > shunts_ns) {
        shunt->left = shunts_every;
        shunt->judged = now;
        return SHUNT_JUDGE;
    }
    shunt->left -= 1;
    __sync_fetch_and_add(&shunt->packets, 1);
    __sync_fetch_and_add(&shunt->bytes, length);
    return SHUNT_GOES;
}

/* What becomes of a frame: enum shunt_answer. A function of its own, which the verifier walks once
 * and not once for each way to it. */
__attribute__((noinline)) int shunts_ask(struct xdp_md *context)
{
    const uint8_t *data = (const uint8_t *)(long)context->data;
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    struct packet packet;
    struct flow_key key;

    if (!shunts_given)
        return SHUNT_NONE;
    /* Only the first of a frame's buffers is here, and for the ports no length matters. */
    if (packet_parse_ethernet(data, end, UINT32_MAX, &packet) != PACKET_IP)
        return SHUNT_NONE;
    flow_key_of(&packet, &key);
    struct shunt *shunt = bpf_map_lookup_elem(&shunted_flows, &key);
    if (!shunt)
        return SHUNT_NONE;
    uint64_t now = bpf_ktime_get_ns();
    bool silent = now - shunt->last > shunts_ns;
    if (silent || shunt_finishes(data, end, &packet)) {
        bpf_map_delete_elem(&shunted_flows, &key);
        return silent ? SHUNT_SILENT : SHUNT_FINISHED;
    }
    return (int)shunt_count(shunt, now, shunt_length(context));
}

#endif
