// SPDX-License-Identifier: BSD-2-Clause
/* Copies the packets that --write-if means into a ring, as an observer of one worker's bursts. It
 * remembers when flows began, so that a packet's flow_id is the events'. */
#ifndef AFXDP_PACKET_TAP_H
#define AFXDP_PACKET_TAP_H

#include "packet_ring.h"
#include "packet_rule.h"
#include "pipeline.h"

struct packet_tap {
    struct burst_observer observer; /* the worker's, as all but what is atomic */
    struct packet_ring *ring;
    uint64_t *starts; /* ns, of the flow in each place of the flow table */
    size_t starts_size;
    const struct flow_bucket *buckets;
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
