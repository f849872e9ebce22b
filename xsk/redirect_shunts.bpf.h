// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Shunted flows in front of the ring. When a flow is shunted is user space's to say (shunted.h). */
#ifndef AFXDP_REDIRECT_SHUNTS_BPF_H
#define AFXDP_REDIRECT_SHUNTS_BPF_H

#include "packet_trace.h"
#include "shunted.bpf.h"

/* 0: no flow is ever shunted, and shunts_ask is empty: the verifier walks it even where nobody
 * calls it, and without CAP_PERFMON it refuses what is done with pointers there. */
const volatile uint32_t shunts_given = 0;
const volatile uint64_t shunts_every = 1; /* the last of so many packets is judged, */
const volatile uint64_t shunts_ns = 0; /* and one so long after; so long a silence ends a shunt */
const volatile uint32_t shunts_frags = 0; /* 1: frames may come in several buffers */

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
    return (int)shunted_meet(&key, shunt, bpf_ktime_get_ns(), shunt_length(context),
                             shunt_finishes(data, end, &packet), shunts_every, shunts_ns);
}

#endif
