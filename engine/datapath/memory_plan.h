// SPDX-License-Identifier: BSD-2-Clause
/* Whether all memory that a run takes is there, before it takes any. */
#ifndef AFXDP_MEMORY_PLAN_H
#define AFXDP_MEMORY_PLAN_H

#include "config.h"
#include "memory_room.h"

struct memory_need {
    const char *holder; /* who has a flow table: "worker", "CPU" */
    uint32_t holders;
    uint64_t packets;  /* bytes of packet memory of each */
    uint64_t beside;   /* bytes of each flow that aren't in the flow table */
    uint64_t once;     /* bytes that all share */
    bool in_kernel;    /* takes no huge pages */
    const char *lower; /* the options beside --flows that lower it, "" or " or --queues" */
};

/* The flows of each table: --flows, or, where it isn't given, the default, halved until the tables
 * leave most of the memory to others, which is said. -ENOMEM where it doesn't fit all the same,
 * with what it is, how much, and what to lower. */
int memory_plan_flows(uint32_t *flows, const struct memory_need *need,
                      const struct memory_room *room, const struct afxdp_config *config,
                      const struct afxdp_callbacks *callbacks, struct error *error);

/* The same with the room that there is here. */
int memory_plan(uint32_t *flows, const struct memory_need *need, const struct afxdp_config *config,
                const struct afxdp_callbacks *callbacks, struct error *error);

#endif
