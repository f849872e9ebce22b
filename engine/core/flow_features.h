// SPDX-License-Identifier: BSD-2-Clause
/* The integer features of a packet (BPF-safe): twelve of its flow, feature set 1, and sixteen more
 * of what the flow's two sides and its hosts do, feature set 2. A model names the set it reads.
 *
 * All are unsigned 32-bit and saturate. Means and deviations are fixed point with the scales below:
 * mean = S/n and deviation = D/n, truncating, where n counts this packet, S sums the feature's
 * values and D sums |value - mean| in the scale of the mean (docs/design.md, "Features").
 * (Not called features.h: glibc has a header of that name.) */
#ifndef AFXDP_FLOW_FEATURES_H
#define AFXDP_FLOW_FEATURES_H

#include "flow.h"

enum feature {
    FEATURE_SPORT,
    FEATURE_DPORT,
    FEATURE_PROTOCOL,
    FEATURE_LENGTH,
    FEATURE_INTERVAL,
    FEATURE_DIRECTION,
    FEATURE_MEAN_LENGTH,
    FEATURE_MEAN_INTERVAL,
    FEATURE_MEAN_DIRECTION,
    FEATURE_DEV_LENGTH,
    FEATURE_DEV_INTERVAL,
    FEATURE_DEV_DIRECTION,
    FEATURES_1, /* how many set 1 has, and the first that only set 2 has: */
    FEATURE_FLAGS_FORWARD = FEATURES_1,
    FEATURE_FLAGS_BACKWARD,
    FEATURE_PAYLOAD_FORWARD,
    FEATURE_PAYLOAD_BACKWARD,
    FEATURE_INITIATOR_FAILED,
    FEATURE_INITIATOR_FAILED_SHARE,
    FEATURE_INITIATOR_UNANSWERED,
    FEATURE_INITIATOR_PEERS,
    FEATURE_INITIATOR_PORTS,
    FEATURE_PAIR_FLOWS,
    FEATURE_PAIR_PORTS,
    FEATURE_RESPONDER_FAILED,
    FEATURE_RESPONDER_SOURCES,
    FEATURE_RESPONDER_NEW,
    FEATURE_RESPONDER_REFUSED,
    FEATURE_SERVICE_FAILED,
    FEATURES_2,
    FEATURES_MAX = FEATURES_2
};

enum {
    FEATURE_SET_ANY = 0,          /* where a set may be asked for */
    FEATURE_SET_1 = 1,            /* the first FEATURES_1 */
    FEATURE_SET_2 = 2,            /* all FEATURES_2 */
    FEATURE_LENGTH_SHIFT = 8,     /* mean_length, dev_length: bytes × 256 */
    FEATURE_INTERVAL_SHIFT = 0,   /* mean_interval, dev_interval: µs */
    FEATURE_DIRECTION_SHIFT = 16, /* mean_direction, dev_direction: × 65,536 */
};

/* The names, in order, as they stand in features.csv. */
#define FEATURE_NAMES                                                                              \
    {                                                                                              \
        "sport", "dport", "protocol", "length", "interval", "direction", "mean_length",            \
            "mean_interval", "mean_direction", "dev_length", "dev_interval", "dev_direction",      \
            "flags_forward", "flags_backward", "payload_forward", "payload_backward",              \
            "initiator_failed", "initiator_failed_share", "initiator_unanswered",                  \
            "initiator_peers", "initiator_ports", "pair_flows", "pair_ports", "responder_failed",  \
            "responder_sources", "responder_new", "responder_refused", "service_failed"            \
    }

/* How many features a set has. */
ALWAYS_INLINE uint32_t feature_count(uint32_t feature_set)
{
    return feature_set == FEATURE_SET_2 ? FEATURES_2 : FEATURES_1;
}

ALWAYS_INLINE uint16_t saturate16(uint32_t value)
{
    return value > UINT16_MAX ? UINT16_MAX : (uint16_t)value;
}

ALWAYS_INLINE uint32_t saturate32(uint64_t value)
{
    return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

/* (sum << shift) / n, exactly, also where the shifted sum has more than 64 bits. The divisions
 * stay: on a Zen 5 core all six of a packet cost 1.7 ns together, and six multiplications by an
 * exact reciprocal, taken from a table or computed, 1.5 to 2 ns more. */
ALWAYS_INLINE uint64_t mean_scaled(uint64_t sum, uint64_t n, uint32_t shift)
{
    if (sum >> (63 - shift) == 0)
        return (sum << shift) / n;
    return ((sum / n) << shift) + ((sum % n) << shift) / n;
}

/* |a - b| without a branch, which real traffic would mispredict every other time. */
ALWAYS_INLINE uint64_t distance(uint64_t a, uint64_t b)
{
    uint64_t difference = a - b;
    uint64_t negative = 0 - (difference >> 63);

    OPAQUE(negative);
    return (difference ^ negative) - negative;
}

/* Adds a value to a sum and to its deviations, and gives the new mean and deviation. */
ALWAYS_INLINE void running_statistics(uint32_t value, uint32_t shift, uint64_t n, uint64_t *sum,
                                      uint64_t *deviation_sum, uint32_t *mean, uint32_t *deviation)
{
    *sum += value;
    uint64_t exact_mean = mean_scaled(*sum, n, shift);

    *deviation_sum += distance((uint64_t)value << shift, exact_mean);
    *mean = saturate32(exact_mean);
    *deviation = saturate32(*deviation_sum / n);
}

/* Counts the packet in its flow (which flow_begin or an earlier packet has filled) and writes its
 * features of set 1 to `f`. `now` is the packet's time in ns, `from_low` what flow_key_of returned
 * for it. */
ALWAYS_INLINE void flow_features_update(struct flow *flow, const struct packet *packet,
                                        bool from_low, uint64_t now, uint32_t *f)
{
    uint32_t direction = (uint64_t)from_low == flow->initiator_is_low;
    uint32_t interval = 0;

    if (flow_time_later(now, flow->last)) { /* captures go back in time now and then */
        interval = saturate32((now - flow->last) / 1000);
        flow->last = now;
    }
    uint64_t n = ++flow->packets;

    bool initiator_low = flow->initiator_is_low != 0;
    f[FEATURE_SPORT] =
        initiator_low ? flow_key_low_port(&flow->key) : flow_key_high_port(&flow->key);
    f[FEATURE_DPORT] =
        initiator_low ? flow_key_high_port(&flow->key) : flow_key_low_port(&flow->key);
    f[FEATURE_PROTOCOL] = packet->protocol;
    f[FEATURE_LENGTH] = packet->length;
    f[FEATURE_INTERVAL] = interval;
    f[FEATURE_DIRECTION] = direction;
    running_statistics(packet->length, FEATURE_LENGTH_SHIFT, n, &flow->length_sum,
                       &flow->length_deviation_sum, &f[FEATURE_MEAN_LENGTH],
                       &f[FEATURE_DEV_LENGTH]);
    running_statistics(interval, FEATURE_INTERVAL_SHIFT, n, &flow->interval_sum,
                       &flow->interval_deviation_sum, &f[FEATURE_MEAN_INTERVAL],
                       &f[FEATURE_DEV_INTERVAL]);
    running_statistics(direction, FEATURE_DIRECTION_SHIFT, n, &flow->direction_sum,
                       &flow->direction_deviation_sum, &f[FEATURE_MEAN_DIRECTION],
                       &f[FEATURE_DEV_DIRECTION]);
}

#endif
