// SPDX-License-Identifier: BSD-2-Clause
/* Copies the packets that --write-if means into a ring, as an observer of one worker's bursts. It
 * remembers when flows began, so that a packet's flow_id is the events'. */
#ifndef AFXDP_PACKET_TAP_H
#define AFXDP_PACKET_TAP_H

#include "packet_ring.h"
#include "packet_rule.h"
#include "pipeline.h"

/* A flow in the place it has in the flow table. */
struct packet_flow {
    uint64_t hash; /* of its key, never 0; 0: none */
    uint64_t start, last;
};

struct packet_tap {
    struct burst_observer observer; /* the worker's, as all but what is atomic */
    struct packet_ring *ring;
    struct packet_flow *flows; /* one per place of the flow table */
    size_t flows_size;
    const struct flow_bucket *buckets;
    uint64_t timeout; /* of a flow, ns */
    struct flow_seed seed;
    struct packet_rule rule;
    uint32_t snaplen;
    bool waits;       /* for the writer, rather than leaving packets out */
    uint64_t matched; /* packets that the rule means; atomic */
    uint64_t lost;    /* of them: found no room; atomic */
};

struct packet_tap_options {
    const struct flow_table *table;
    const struct packet_rule *rule;
    uint32_t snaplen;
    bool waits;
};

/* -ENOMEM. */
int packet_tap_new(struct packet_tap **out, const struct packet_tap_options *options,
                   struct error *error);

/* Takes NULL. */
void packet_tap_free(struct packet_tap *tap);

#endif
