// SPDX-License-Identifier: BSD-2-Clause
/* Events of flows, on the side of those who see packets: keeps beside a flow table what only events
 * need, and puts records on a ring. No allocation, no system call, no formatting. */
#ifndef AFXDP_EVE_FLOWS_H
#define AFXDP_EVE_FLOWS_H

#include "eve_record.h"
#include "eve_watch.h"
#include "pipeline.h"

enum {
    EVE_BLOCK = 512,
    /* At most: one flow ends, another's first verdict, a window begins, and what hosts are at. */
    EVE_RECORDS_OF_PACKET = 3 + HOST_FEATURES,
};

/* What isn't in any event that was written. One thread writes, any reads. */
struct eve_lost {
    uint64_t events[EVE_KINDS];
    uint64_t packets, bytes; /* of the flows */
};

struct eve_changes;

struct eve_flows {
    struct burst_observer observer;
    const struct flow_bucket *buckets; /* of a pipeline's table; NULL: of no pipeline */
    uint64_t timeout;                  /* of a flow, ns */
    struct eve_ring *ring;
    struct table_memory memory;
    uint8_t *flows; /* in it, a struct eve_flow for each place in the table */
    uint64_t places;
    uint64_t stride;             /* of a struct eve_flow, bytes */
    uint8_t *used;               /* for each EVE_BLOCK of them, whether one ever was */
    struct eve_watch *watch;     /* NULL: nobody asked for hosts */
    struct eve_changes *changes; /* where only verdicts are told of; NULL: more are */
    uint64_t now;                /* the latest time of a packet so far; 0: there was none */
    uint32_t class_count;
    uint16_t queue;
    bool waits; /* for room: a capture can */
    bool tells_flows, tells_verdicts;
    struct eve_lost lost;    /* for want of room */
    uint64_t packets, bytes; /* that belong to no flow: not IP, malformed */
};

/* A classified packet, as another than a pipeline tells of it. */
struct eve_packet {
    const struct flow_key *key;
    uint64_t place; /* of its flow in the table */
    uint64_t time;  /* ns */
    uint32_t wire_length;
    uint16_t queue;
    uint16_t confidence;
    uint8_t slot, action;
    uint8_t flags; /* TCP's */
    bool from_low;
    uint16_t vlan[2], icmp; /* see struct eve_flow */
    const uint32_t *hosts;  /* its features from HOST_FEATURE_FIRST on; NULL: it has none */
};

struct eve_flows_options {
    const struct flow_table *table; /* of a pipeline, or NULL: */
    uint64_t places;                /* in the table, */
    uint64_t timeout;               /* of a flow, ns */
    uint32_t class_count;
    uint16_t queue; /* the pipeline's */
    bool waits;
    bool tells_flows, tells_verdicts; /* and of hosts, where there are thresholds */
    struct host_thresholds thresholds;
};

/* What a flow takes beside the table, in bytes. */
size_t eve_flow_bytes(uint32_t class_count);

/* Of an interface (it doesn't wait) all memory is there before the first packet. -ENOMEM. */
int eve_flows_new(struct eve_flows **out, const struct eve_flows_options *options,
                  struct error *error);
void eve_flows_free(struct eve_flows *flows); /* takes NULL */

/* Without a pipeline: a packet that is of a flow, one that isn't, and whether the ring has room for
 * what a packet may tell. One thread, the only one. */
void eve_flows_count(struct eve_flows *flows, const struct eve_packet *packet);
void eve_flows_count_none(struct eve_flows *flows, uint32_t wire_length);
bool eve_flows_have_room(struct eve_flows *flows);

/* Once no packets come any more: tells of the flows that are still there. Waits for room, `wait_ms`
 * at a time at most; after one such wait in vain what is left is counted as lost. */
void eve_flows_end(struct eve_flows *flows, unsigned wait_ms);

#endif
