// SPDX-License-Identifier: BSD-2-Clause
/* Catches what a pipeline makes of the next packet of one flow, as an observer that is there only
 * until it has: see worker_set_guest. */
#ifndef AFXDP_FLOW_TRAP_H
#define AFXDP_FLOW_TRAP_H

#include "pipeline.h"

struct flow_trap {
    struct burst_observer observer;
    struct flow_key key;
    bool caught; /* atomic; what follows is written before it, and never again */
    uint32_t feature_count;
    uint32_t features[FEATURES_MAX];
    struct verdict verdict;
    uint8_t slot;
    uint64_t packets; /* of the flow so far */
};

/* Before it is anybody's guest. */
void flow_trap_set(struct flow_trap *trap, const struct flow_key *key);

/* From any thread. */
bool flow_trap_has_caught(const struct flow_trap *trap);

#endif
