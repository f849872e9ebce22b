// SPDX-License-Identifier: BSD-2-Clause
/* A shunted flow, as the XDP program keeps it: its key is the flow's (BPF-safe). */
#ifndef AFXDP_SHUNT_H
#define AFXDP_SHUNT_H

#include "flow.h"

enum { SHUNTS_MAX = 1 << 20 };

struct shunt {
    uint64_t packets; /* that went by without the ring, and */
    uint64_t bytes;   /* of those */
    uint64_t last;    /* packet of it, ns, CLOCK_MONOTONIC */
    uint64_t judged;  /* when one last went to a worker */
    uint64_t left;    /* packets until the next that does */
};

#endif
