// SPDX-License-Identifier: BSD-2-Clause
/* Lines {"n":0}, {"n":1}, … into a broker, and what is said to have become of them. */
#ifndef AFXDP_SINK_RIG_H
#define AFXDP_SINK_RIG_H

#include "eve_sink.h"

enum { SINK_KEYS = 7 /* line n has the key "1:" and n mod 7 */ };

struct sink_rig {
    struct eve_sink *sink;
    char path[512];
    bool waits;
    uint64_t produced, delivered, lost;
    uint64_t told; /* sum of what lines tell of, of those that are done */
    uint64_t last; /* line that was delivered */
};

void sink_rig_open(struct sink_rig *rig);
void sink_rig_produce(struct sink_rig *rig, uint32_t count);

/* Each line is delivered or lost, exactly once. */
void sink_rig_check(const struct sink_rig *rig);

#endif
