// SPDX-License-Identifier: BSD-2-Clause
/* Events of flows, on the worker's side: observes a pipeline, keeps beside its flow table what only
 * events need, and puts records on a ring. No allocation, no system call, no formatting. */
#ifndef AFXDP_EVE_FLOWS_H
#define AFXDP_EVE_FLOWS_H

#include "eve_record.h"
#include "pipeline.h"

enum { EVE_BLOCK = 512 };

/* What isn't in any event that was written. One thread writes, any reads. */
struct eve_lost {
    uint64_t events[EVE_KINDS];
    uint64_t packets, bytes; /* of the flows */
};

struct eve_flows {
    struct burst_observer observer;
    const struct flow_table *table;
    struct eve_ring *ring;
    uint8_t *flows;      /* a struct eve_flow for each place in the table */
    uint64_t flows_size; /* bytes */
    uint64_t stride;     /* of it */
    uint8_t *used;       /* for each EVE_BLOCK of them, whether one ever was */
    uint64_t now;        /* the latest time of a packet so far; 0: there was none */
    uint32_t class_count;
    bool waits;              /* for room: a capture can */
    struct eve_lost lost;    /* for want of room */
    uint64_t packets, bytes; /* that belong to no flow: not IP, malformed */
};

/* For the table of one pipeline. -ENOMEM. */
int eve_flows_new(struct eve_flows **out, const struct flow_table *table, uint32_t class_count,
                  bool waits, struct error *error);

void eve_flows_free(struct eve_flows *flows); /* takes NULL */

/* After the last burst, from any one thread: a flow event for each that is in the table, as fast as
 * the writer takes them, for `wait_ms` without progress at most. */
void eve_flows_end(struct eve_flows *flows, unsigned wait_ms);

#endif
