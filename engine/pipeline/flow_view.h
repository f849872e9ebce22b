// SPDX-License-Identifier: BSD-2-Clause
/* A look at a flow table while its worker goes on writing: nobody waits, nothing is locked. A key
 * is always whole, and what is just being replaced may be left out; numbers may be of two packets
 * that followed each other, or for a moment those of the flow that had the place before. */
#ifndef AFXDP_FLOW_VIEW_H
#define AFXDP_FLOW_VIEW_H

#include "flow_table_memory.h"

struct flow_view {
    struct flow_key key;
    bool initiator_is_low;
    uint32_t queue;
    uint64_t last; /* ns */
    uint64_t packets;
    uint64_t length_sum; /* bytes of IP */
};

/* Calls `take` for each flow that had a packet within the table's timeout before `now` (0: for
 * each). Any thread. */
void flow_view_walk(const struct flow_table *table, uint64_t now,
                    void (*take)(void *context, const struct flow_view *flow), void *context);

/* How many flows that are: exact where the table has no more than `most` buckets, else estimated
 * from about as many, evenly spread. Any thread. */
uint64_t flow_view_count(const struct flow_table *table, uint64_t now, uint32_t most);

#endif
