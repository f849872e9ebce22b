// SPDX-License-Identifier: BSD-2-Clause
/* The hot path: receive, parse, flow and features, classify, apply. Captures and AF_XDP run the
 * same one; start reading here.
 *
 *     port ── receive ─► frames ── parse ─► packets ── flows ─► features ── classify ─► verdicts
 *      ▲                                                                                  │
 *      └───────────── release (dropped, consumed) ◄── apply the policy, count ◄───────────┘
 *                                                        └──► send ─► the other port
 *
 * A pipeline belongs to one thread. It allocates nothing, makes no system call of its own, takes
 * no lock, and makes one indirect call per burst to the classifier, one to the host pass where
 * there are hosts, and one to each port operation. Between two bursts its thread may replace
 * classifier and policy: no packet sees half of either.
 */
#ifndef AFXDP_PIPELINE_H
#define AFXDP_PIPELINE_H

#include "accuser.h"
#include "class_limits.h"
#include "classifier.h"
#include "flow_table_memory.h"
#include "host_tables.h"
#include "policy.h"
#include "port.h"
#include "shunter.h"
#include "stats.h"
#include "tunnel.h"

/* What is known of the frames in hand. Arrays over all frames are indexed 0..count - 1, arrays over
 * those that are IP 0..ip_count - 1, in the same order; `place` leads from the latter to the
 * former. */
struct burst {
    uint32_t count;
    uint32_t ip_count;
    uint32_t side; /* of a wire, 0 or 1: where they came in */
    struct frame frames[BURST_MAX];
    uint8_t slot[BURST_MAX];   /* of each frame, see counters.h */
    uint8_t action[BURST_MAX]; /* of each frame */

    uint8_t place[BURST_MAX];
    bool from_low[BURST_MAX];
    uint8_t ways[BURST_MAX]; /* of their buckets, where the flows are expected */
    struct packet packets[BURST_MAX];
    struct flow_key keys[BURST_MAX];
    uint64_t hashes[BURST_MAX];
    struct flow_bucket *buckets[BURST_MAX];
    struct flow *flows[BURST_MAX];         /* in them, where each packet was counted */
    uint64_t begun;                        /* bit i: the i-th IP packet began a flow there, */
    uint64_t replaced[BURST_MAX];          /* and took it from one of so many packets */
    struct host_identity hosts[BURST_MAX]; /* of those that seem to begin a flow */
    bool begins[BURST_MAX];
    uint32_t feature_count; /* of a row of features */
    /* Whole cache lines: a vector that crosses from one into the next costs the classifier 2 %. */
    uint32_t features[BURST_MAX * FEATURES_MAX] __attribute__((aligned(64)));
    struct verdict verdicts[BURST_MAX] __attribute__((aligned(64)));

    uint32_t drop_count;              /* frames that are dropped, */
    uint32_t limit_count;             /* for they were beyond a limit: part of them */
    struct frame outgoing[BURST_MAX]; /* scratch, where some are dropped and some go out */
    struct frame dropped[BURST_MAX];
};

_Static_assert(BURST_MAX <= 64, "a bit for each packet");

/* The row of features of an IP packet. */
ALWAYS_INLINE const uint32_t *burst_features(const struct burst *burst, uint32_t ip)
{
    return &burst->features[ip * burst->feature_count];
}

/* Which place the ip-th IP packet's flow has in the table of `buckets`. */
ALWAYS_INLINE uint64_t burst_flow_place(const struct burst *burst,
                                        const struct flow_bucket *buckets, uint32_t ip)
{
    uint64_t way = (uint64_t)(burst->flows[ip] - burst->buckets[ip]->flow);

    return (uint64_t)(burst->buckets[ip] - buckets) * FLOW_WAYS + way;
}

/* Whether the ip-th IP packet began a flow in its place, whatever was there before. */
ALWAYS_INLINE bool burst_begins_flow(const struct burst *burst, uint32_t ip)
{
    return burst->begun >> ip & 1;
}

/* Called once per burst, after the actions are decided and before the frames are given away. */
struct burst_observer {
    void (*observe)(struct burst_observer *observer, const struct burst *burst);
    struct burst_observer *next; /* looks after this one; NULL: none */
};

struct pipeline {
    struct flow_table *table;
    const struct host_tables *hosts; /* with a classifier of feature set 2; NULL: the set is 1 */
    uint64_t host_time;              /* see host_time(), of this worker */
    const struct classifier *classifier; /* NULL: --model none, every verdict is class 0 */
    const struct policy *policy;
    struct burst_observer *observer; /* NULL: nobody looks */
    struct accuser *accuser;         /* NULL: nobody is blocked */
    struct limits *limits;           /* NULL: the policy limits nothing */
    struct shunter *shunter;         /* NULL: no flow is shunted */
    struct tunnel_options tunnels;   /* what is opened */
    bool calls_out; /* an observer is a stranger's, and makes what system calls it likes */
    struct burst burst;
};

/* Has the pipeline's bursts looked at by one more. */
ALWAYS_INLINE void pipeline_add_observer(struct pipeline *pipeline, struct burst_observer *observer)
{
    observer->next = pipeline->observer;
    pipeline->observer = observer;
}

/* A pipeline of zeros, aligned as it has to be. NULL without memory; free() it. */
struct pipeline *pipeline_new(void);

/* One direction through a pipeline. A bridge's worker runs two, a→b and b→a, through one pipeline:
 * both directions of a flow then meet in one table. */
struct route {
    struct port *in;
    struct port *out;    /* where packets are forwarded to; NULL: they are released, `consumed` */
    struct stats *stats; /* written by the pipeline's thread alone */
    uint32_t side;       /* of a wire, 0 or 1: where `in` is */
};

/* Takes a burst through. Returns how many frames there were, 0 when there are none now, -ENODATA
 * when there will be none any more, another -errno of `in` when it failed. */
int pipeline_run(struct pipeline *pipeline, const struct route *route);

/* The steps of a burst, in order. */
enum pipeline_step {
    PIPELINE_RECEIVE,
    PIPELINE_PARSE,
    PIPELINE_HASH, /* of the flow keys */
    PIPELINE_FIND, /* the flows, and their hosts, by what stands in the buckets */
    PIPELINE_UPDATE,
    PIPELINE_CLASSIFY,
    PIPELINE_POLICY,
    PIPELINE_GIVE_AWAY,
    PIPELINE_STEPS
};

typedef void pipeline_watch(void *context, enum pipeline_step done);

/* The same, and calls `watch` after each step of a burst that isn't empty: a bench reads a clock
 * there. */
int pipeline_run_watched(struct pipeline *pipeline, const struct route *route,
                         pipeline_watch *watch, void *context);

#endif
