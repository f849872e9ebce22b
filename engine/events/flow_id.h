// SPDX-License-Identifier: BSD-2-Clause
/* `flow_id`: which flow an event or a packet belongs to. A later flow between the same two ends has
 * another; so has the same flow in another run of an interface, whose clock is the machine's. */
#ifndef AFXDP_FLOW_ID_H
#define AFXDP_FLOW_ID_H

#include "flow_table.h"

/* 63 bits, as Suricata's; `start` is the time of the flow's first packet, `seed` that of seed 0. */
ALWAYS_INLINE uint64_t flow_id(const struct flow_seed *seed, const struct flow_key *key,
                               uint64_t start)
{
    return flow_hash_finish(flow_hash(seed, key) ^ start * 0x9e3779b97f4a7c15) >> 1;
}

#endif
