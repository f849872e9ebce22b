// SPDX-License-Identifier: BSD-2-Clause
/* Counts a packet of a burst in its flow: what the pipeline's step does with either feature set. */
#ifndef AFXDP_FLOW_PASS_H
#define AFXDP_FLOW_PASS_H

#include "pipeline.h"

/* What the flow table did for a burst, until flow_pass_end tells it. */
struct flow_pass {
    uint64_t begun; /* see struct burst */
    uint64_t evictions;
};

/* The i-th IP packet, in order. Writes the features of set 1, which begin a row of either. Returns
 * its flow, and in `begins` whether the packet began it. */
ALWAYS_INLINE struct flow *flow_pass_count(struct flow_pass *pass, struct burst *burst,
                                           const struct flow_table *table, uint32_t i,
                                           uint32_t *features, bool *begins)
{
    uint64_t now = burst->frames[burst->place[i]].time;
    struct flow_lookup lookup;
    struct flow *flow = flow_bucket_lookup_expected(
        burst->buckets[i], burst->ways[i], burst->hashes[i], &burst->keys[i], burst->from_low[i],
        now, table->timeout, &lookup);

    burst->flows[i] = flow;
    flow_features_update(flow, &burst->packets[i], burst->from_low[i], now, features);
    *begins = lookup.event != FLOW_KNOWN;
    pass->begun |= (uint64_t)*begins << i;
    pass->evictions += lookup.event == FLOW_EVICTED;
    if (*begins)
        burst->replaced[i] = lookup.replaced;
    return flow;
}

ALWAYS_INLINE void flow_pass_end(const struct flow_pass *pass, struct burst *burst,
                                 struct stats *stats)
{
    burst->begun = pass->begun;
    stats_add(&stats->flows, (uint64_t)__builtin_popcountll(pass->begun));
    stats_add(&stats->evictions, pass->evictions);
}

#endif
