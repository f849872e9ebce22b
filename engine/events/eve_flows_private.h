// SPDX-License-Identifier: BSD-2-Clause
/* What the two ways to see a pipeline's packets share: with an account of each (eve_flows.c), and
 * for changes of verdicts alone (eve_changes.c). */
#ifndef AFXDP_EVE_FLOWS_PRIVATE_H
#define AFXDP_EVE_FLOWS_PRIVATE_H

#include "eve_flows.h"
#include "packet_trace.h"

ALWAYS_INLINE struct eve_flow *eve_flow_at(const struct eve_flows *f, uint64_t number)
{
    return (struct eve_flow *)(void *)(f->flows + number * f->stride);
}

ALWAYS_INLINE void eve_flow_prefetch(const struct eve_flow *flow)
{
    __builtin_prefetch(flow, 1);
    __builtin_prefetch((const uint8_t *)flow + 64, 1); /* the next cache line */
}

ALWAYS_INLINE struct eve_packet
eve_packet_of_burst(const struct eve_flows *f, const struct burst *burst, uint32_t i, bool watches)
{
    const struct packet *packet = &burst->packets[i];
    const struct frame *frame = &burst->frames[burst->place[i]];
    const uint8_t *end = frame->data + frame->length;

    return (struct eve_packet){
        .key = &burst->keys[i],
        .time = frame->time,
        .wire_length = frame->wire_length,
        .queue = f->queue,
        .confidence = burst->verdicts[i].confidence,
        .slot = burst->slot[burst->place[i]],
        .action = burst->action[burst->place[i]],
        .flags = packet_tcp_flags(packet, end - packet->seen, end),
        .from_low = burst->from_low[i],
        .hosts = watches ? burst_features(burst, i) + HOST_FEATURE_FIRST : NULL,
    };
}

/* A flow's first packet, and what only that tells and still stands in the frame. */
void eve_flow_begin(const struct eve_flows *f, struct eve_flow *flow, const struct eve_packet *p);
void eve_flow_read_frame(struct eve_flow *flow, const struct burst *burst, uint32_t i);

void eve_tell_verdict(struct eve_flows *f, const struct eve_flow *flow, uint32_t previous,
                      const struct eve_packet *p);

/* NULL without memory; free() it. */
struct eve_changes *eve_changes_new(const struct flow_seed *seed);
void eve_changes_observe(struct burst_observer *observer, const struct burst *burst);

#endif
