// SPDX-License-Identifier: BSD-2-Clause
/* What a worker does about shunts: it counts how many verdicts in a row a flow has had that allow
 * one, and tells the thread that shunts. No system call, no lock.
 *
 *     N such verdicts in a row ─► begin ─► (thread) ─► map of shunted flows ◄─ XDP program
 *     another verdict, of a packet that the program still sent here ─► end ─► out of the map
 *
 * A flow is in exactly one state, that of the map. Packets that were in the ring when their flow
 * came into it may be overtaken by those that go by, and are counted.
 *
 * Runs are kept of as many flows as there are places, by the flow's hash: who comes later takes
 * the place, and a run that is lost begins again. */
#ifndef AFXDP_SHUNTER_H
#define AFXDP_SHUNTER_H

#include "flow_table.h"
#include "policy.h"
#include "shunt.h"
#include "worker_ring.h"

struct burst;

struct shunt_order {
    struct flow_key flow;
    struct shunt_run *run; /* to note the beginning in */
    uint32_t tag;
    uint32_t begins; /* 0: it ends */
};

struct shunter {
    struct worker_ring *ring; /* of orders */
    bool kernel_clock;        /* packets' times are of CLOCK_MONOTONIC */
    uint64_t overtaken;       /* packets that may have been; the worker writes, as the next */
    uint64_t otherwise;       /* packets of shunted flows that were judged otherwise */
    struct shunt_run run[SHUNT_RUNS];
};

/* shunter_free. -ENOMEM. */
int shunter_new(struct shunter **out, bool kernel_clock);
void shunter_free(struct shunter *shunter); /* takes NULL */

/* A burst whose actions are decided. */
void shunter_see(struct shunter *shunter, const struct burst *burst, const struct policy *policy);

#endif
