// SPDX-License-Identifier: BSD-2-Clause
/* Feature set 2 (BPF-safe): the sixteen features that follow the twelve of flow_features.h, and how
 * a packet changes its flow's state and the memory of its hosts (docs/design.md, "Features,
 * version 2").
 *
 *     flow_features_update ─► flow_listen ─► host_events ─► host_tell ─► host_read
 */
#ifndef AFXDP_HOST_FEATURES_H
#define AFXDP_HOST_FEATURES_H

#include "flow_features.h"
#include "host_memory.h"
#include "packet_details.h"

/* The features that are read from the memory: the last ones. */
enum {
    HOST_FEATURE_FIRST = FEATURE_INITIATOR_FAILED,
    HOST_FEATURES = FEATURES_2 - HOST_FEATURE_FIRST,
};

/* A flow's cells in all rows of the memory. */
struct host_rows {
    struct host_cells cells[HOST_ROWS_MAX];
    uint32_t count;
};

/* What a packet is to the hosts of its flow. Two of these are counters at the same time. */
enum host_event {
    HOST_EVENT_BEGUN = 1,
    HOST_EVENT_ANSWERED = HOST_ANSWERED,
    HOST_EVENT_COMPLETED = HOST_COMPLETED,
    HOST_EVENT_REFUSED = 8,
};

/* A flow keeps its cells' numbers in the lower 24 bits of its words, and the window it began in, a
 * byte in each, in the upper 8. */
ALWAYS_INLINE void flow_cells_set(struct flow *flow, const struct host_numbers *numbers,
                                  uint32_t window)
{
    flow->cells[0] = numbers->initiator | window << HOST_NUMBER_BITS;
    flow->cells[1] = numbers->responder | window >> 8 << HOST_NUMBER_BITS;
    flow->cells[2] = numbers->pair | window >> 16 << HOST_NUMBER_BITS;
    flow->cells[3] = numbers->service | window >> 24 << HOST_NUMBER_BITS;
}

ALWAYS_INLINE struct host_numbers flow_cells(const struct flow *flow)
{
    return (struct host_numbers){.initiator = flow->cells[0] & HOST_NUMBER_MASK,
                                 .responder = flow->cells[1] & HOST_NUMBER_MASK,
                                 .pair = flow->cells[2] & HOST_NUMBER_MASK,
                                 .service = flow->cells[3] & HOST_NUMBER_MASK};
}

ALWAYS_INLINE uint32_t flow_window(const struct flow *flow)
{
    return flow->cells[0] >> 24 | flow->cells[1] >> 24 << 8 | flow->cells[2] >> 24 << 16 |
           flow->cells[3] >> 24 << 24;
}

ALWAYS_INLINE bool flow_is_forward(const struct flow *flow, bool from_low)
{
    return from_low == flow->initiator_is_low;
}

/* Adds the packet to what its side of the flow has said, and writes these features. */
ALWAYS_INLINE void flow_listen(struct flow *flow, const struct packet_details *details,
                               bool forward, uint32_t *features)
{
    uint32_t payload = flow->payload[forward] + saturate16(details->payload);

    flow->payload[forward] = saturate16(payload);
    flow->flags[forward] |= details->flags;
    features[FEATURE_FLAGS_FORWARD] = flow->flags[1];
    features[FEATURE_FLAGS_BACKWARD] = flow->flags[0];
    features[FEATURE_PAYLOAD_FORWARD] = flow->payload[1];
    features[FEATURE_PAYLOAD_BACKWARD] = flow->payload[0];
}

/* TCP seen from its middle on, after an eviction or a late start: whoever sends this has been
 * talking before, and isn't beginning anything. */
ALWAYS_INLINE bool host_flow_has_begun_before(const struct packet_details *details)
{
    return (details->flags & TCP_ACK) && ((details->flags & TCP_SYN) || details->payload > 0);
}

/* Settles what the packet is, once for each event of a flow; several of enum host_event, or 0.
 * The flow has counted the packet already. */
ALWAYS_INLINE uint32_t host_events(struct flow *flow, const struct packet_details *details,
                                   bool forward)
{
    bool tcp = flow_key_protocol(&flow->key) == PROTOCOL_TCP;

    if (details->message != PACKET_TALK)
        return 0;
    if (flow->packets == 1) {
        if (host_flow_has_begun_before(details))
            return 0;
        flow->state = FLOW_COUNTED;
        return HOST_EVENT_BEGUN;
    }
    if (!(flow->state & FLOW_COUNTED) || (flow->state & FLOW_COMPLETED))
        return 0;
    if (forward) {
        if (!(flow->state & FLOW_ANSWERED))
            return 0;
        flow->state |= FLOW_COMPLETED;
        return HOST_EVENT_COMPLETED;
    }
    if (flow->state & FLOW_RESPONDED)
        return 0;
    flow->state |= FLOW_RESPONDED;
    if (details->flags & TCP_RST) {
        bool again = flow->state & FLOW_REFUSED;

        flow->state |= FLOW_REFUSED;
        return again ? 0 : HOST_EVENT_REFUSED;
    }
    flow->state |= FLOW_ANSWERED;
    if (tcp)
        return HOST_EVENT_ANSWERED;
    flow->state |= FLOW_COMPLETED;
    return HOST_EVENT_ANSWERED | HOST_EVENT_COMPLETED;
}

/* Whether an ICMP unreachable that quotes a packet of this flow tells of a refusal: the initiator
 * sent the packet, and none was told before. `from_low` is flow_key_of's answer for that packet. */
ALWAYS_INLINE bool host_flow_is_refused(struct flow *flow, bool from_low)
{
    if (!flow_is_forward(flow, from_low) ||
        (flow->state & (FLOW_COUNTED | FLOW_REFUSED)) != FLOW_COUNTED)
        return false;
    flow->state |= FLOW_REFUSED;
    return true;
}

/* What the events of a known flow's packet change in one row. Returns how many changes were left
 * out. */
ALWAYS_INLINE uint32_t host_change(const struct host_cells *cells, uint32_t begun, uint32_t events,
                                   uint32_t window, uint32_t sample)
{
    uint32_t counters = events & (HOST_EVENT_ANSWERED | HOST_EVENT_COMPLETED);

    if (events & HOST_EVENT_REFUSED)
        return host_refuse(cells->responder, window, sample);
    return host_window_is_readable(begun, window) ? host_follow(cells, begun, counters, sample) : 0;
}

/* Tells the memory of a packet's events, at least one. `identity` is used only where the flow
 * begins. Returns how many changes were left out. */
ALWAYS_INLINE uint32_t host_tell(const struct host_rows *rows, const struct flow *flow,
                                 const struct host_identity *identity, uint32_t events,
                                 uint32_t window, uint32_t sample)
{
    bool is_new = false;
    uint32_t left_out = 0;

    if (events & HOST_EVENT_BEGUN) {
        for (uint32_t row = 0; row < HOST_ROWS_MAX && row < rows->count; row++)
            is_new |= host_is_new(&rows->cells[row], window);
        for (uint32_t row = 0; row < HOST_ROWS_MAX && row < rows->count; row++)
            left_out += host_begin(&rows->cells[row], identity, window, is_new, sample);
        return left_out;
    }
    for (uint32_t row = 0; row < HOST_ROWS_MAX && row < rows->count; row++)
        left_out += host_change(&rows->cells[row], flow_window(flow), events, window, sample);
    return left_out;
}

ALWAYS_INLINE uint32_t host_failed(struct host_value flows, uint32_t shift)
{
    uint64_t begun = host_count(flows, HOST_BEGUN_SHIFT);
    uint64_t failed = begun - host_count(flows, shift);

    HOST_OPAQUE(failed);
    return (uint32_t)(failed & ~(uint64_t)((int64_t)failed >> 63)); /* at least 0 */
}

/* In 255ths of what begun, at most all. */
ALWAYS_INLINE uint32_t host_share(uint32_t part, struct host_value flows)
{
    uint32_t begun = host_count(flows, HOST_BEGUN_SHIFT);

    if (begun == 0)
        return 0;
    return part >= begun ? 255 : part * 255 / begun;
}

/* Writes the features of the hosts, by one row of cells. */
ALWAYS_INLINE void host_read_row(const struct host_cells *cells, uint32_t window, uint32_t *f)
{
    struct host_value initiator = host_words_read(cells->initiator->flows, window);
    struct host_value responder = host_words_read(cells->responder->flows, window);
    struct host_value refusals = host_words_read(cells->responder->refusals, window);

    f[FEATURE_INITIATOR_FAILED] = host_failed(initiator, HOST_COMPLETED_SHIFT);
    f[FEATURE_INITIATOR_FAILED_SHARE] = host_share(f[FEATURE_INITIATOR_FAILED], initiator);
    f[FEATURE_INITIATOR_UNANSWERED] = host_failed(initiator, HOST_ANSWERED_SHIFT);
    f[FEATURE_INITIATOR_PEERS] = host_distinct(host_words_read(cells->initiator->peers, window));
    f[FEATURE_INITIATOR_PORTS] = host_distinct(host_words_read(cells->initiator->ports, window));
    f[FEATURE_PAIR_FLOWS] =
        host_count(host_words_read(cells->pair->flows, window), HOST_BEGUN_SHIFT);
    f[FEATURE_PAIR_PORTS] = host_distinct(host_words_read(cells->pair->ports, window));
    f[FEATURE_RESPONDER_FAILED] = host_failed(responder, HOST_COMPLETED_SHIFT);
    f[FEATURE_RESPONDER_SOURCES] =
        host_distinct(host_words_read(cells->responder->sources, window));
    f[FEATURE_RESPONDER_NEW] = host_share(host_count(refusals, HOST_NEW_SHIFT), responder);
    f[FEATURE_RESPONDER_REFUSED] = host_count(refusals, HOST_REFUSED_SHIFT);
    f[FEATURE_SERVICE_FAILED] =
        host_failed(host_words_read(cells->service->flows, window), HOST_COMPLETED_SHIFT);
}

/* The same by all rows: the smaller of each value counts. */
ALWAYS_INLINE void host_read(const struct host_rows *rows, uint32_t window, uint32_t *features)
{
    uint32_t other[FEATURES_2];

    host_read_row(&rows->cells[0], window, features);
    if (rows->count == 1)
        return;
    host_read_row(&rows->cells[1], window, other);
    for (uint32_t i = FEATURE_INITIATOR_FAILED; i < FEATURES_2; i++)
        features[i] = other[i] < features[i] ? other[i] : features[i];
}

#endif
