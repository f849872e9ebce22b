// SPDX-License-Identifier: BSD-2-Clause
/* A worker: one thread on one core that runs one pipeline, from start to stop.
 *
 *     while running:  every route once; nothing came in?  spin a little, then sleep in `wait`
 *     when stopping:  go on until nothing comes in and everything sent is out, or time is over
 *
 * Between start and join, pipeline, ports and routes belong to the worker's thread. Counters of the
 * routes can be read at any time (stats.h). */
#ifndef AFXDP_WORKER_H
#define AFXDP_WORKER_H

#include "histogram.h"
#include "judge.h"
#include "pipeline.h"

enum {
    WORKER_ROUTES_MAX = 2,
    WORKER_WAIT_MS = 20,   /* longest sleep: how soon a stop is noticed on a quiet link */
    WORKER_SHARE_MS = 100, /* of so long at least the busy share is taken */
    WORKER_SHARES = 10,
};

/* The ports behind the routes, as a whole: what struct port can't say for two at once. */
struct worker_ports {
    /* Sleeps until a frame may be there, at most that long. -errno when a port is gone. */
    int (*wait)(void *context, int timeout_ms);
    /* Whether everything sent has left. */
    bool (*sent_all)(void *context);
    void *context;
};

/* Written by the worker, readable from any thread, also after it was joined. */
struct worker_counters {
    uint64_t sleeps;  /* times it slept */
    uint64_t busy_ns; /* time with packets at hand, system calls included, from the end of the last
                       * round that found none: a clock beside the heartbeat's is read in those
                       * rounds only */
    uint64_t longest_pause_ns; /* between two heartbeats: it stood still, or a burst took long */
    struct histogram bursts;   /* frames of those that weren't empty */
    /* How many times the busy share of WORKER_SHARE_MS was up to (i + 1) / WORKER_SHARES, and the
     * sum of all of them, in millionths. */
    uint64_t shares[WORKER_SHARES];
    uint64_t shares_sum;
};

struct worker_options {
    struct pipeline *pipeline;
    struct route routes[WORKER_ROUTES_MAX];
    uint32_t route_count;
    struct worker_ports ports;
    int core;          /* the thread is pinned to it; -1: it isn't */
    uint32_t spin_us;  /* before it sleeps */
    const char *name;  /* of the thread, at most 15 letters */
    uint32_t drain_ms; /* at most this long after a stop */
    struct worker_counters *counters;
    /* Each gets the time (CLOCK_MONOTONIC_COARSE, ns) before every round through the routes, so at
     * least every WORKER_WAIT_MS, for others to see that the worker is at work. NULL: none. */
    uint64_t *heartbeat[WORKER_ROUTES_MAX];
};

struct worker;

/* Starts the thread. 0 or -errno; the options are copied, what they point to isn't. */
int worker_start(struct worker **out, const struct worker_options *options, struct error *error);

/* Hands the worker another judge, which it takes before its next burst; until worker_has_taken says
 * so, or the worker was joined, the former one is in use. `judge` and what it points to stay the
 * caller's. */
void worker_offer_judge(struct worker *worker, const struct judge *judge);

/* From any thread. A worker that has ended uses none. */
bool worker_has_taken(const struct worker *worker, const struct judge *judge);

/* Has one more observer look at the pipeline's bursts, first of all, from the next round on; NULL:
 * none any more. The former one, and its memory, are the caller's again once worker_has_guest says
 * that another is there, or NULL. */
void worker_set_guest(struct worker *worker, struct burst_observer *guest);

/* From any thread. A worker that has ended has none. */
bool worker_has_guest(const struct worker *worker, const struct burst_observer *guest);

/* Asks it to drain and end; worker_join waits for that and frees. */
void worker_stop(struct worker *worker);

/* Why the worker ended: 0 after a stop, else the -errno of a port. */
int worker_join(struct worker *worker);

/* Whether it has ended, asked or not. From any thread. */
bool worker_has_ended(const struct worker *worker);

#endif
