// SPDX-License-Identifier: BSD-2-Clause
/* A shunted flow, as the XDP program keeps it: its key is the flow's (BPF-safe). And how many
 * verdicts in a row a flow has had that allow a shunt: the one rule for workers and programs.
 *
 * Runs are kept of as many flows as there are places, by the flow's hash: who comes later takes
 * the place, and a run that is lost begins again. */
#ifndef AFXDP_SHUNT_H
#define AFXDP_SHUNT_H

#include "flow.h"

enum { SHUNTS_MAX = 1 << 20, SHUNT_RUNS = 1 << 16 };

struct shunt {
    uint64_t packets; /* that went by, and */
    uint64_t bytes;   /* of those */
    uint64_t last;    /* packet of it, ns, CLOCK_MONOTONIC */
    uint64_t judged;  /* when one last was */
    uint64_t left;    /* packets until the next that is */
};

enum shunt_answer {
    SHUNT_NONE,     /* the flow isn't shunted */
    SHUNT_GOES,     /* the packet goes by */
    SHUNT_JUDGE,    /* it is judged, its flow stays shunted */
    SHUNT_FINISHED, /* RST or FIN: the flow isn't shunted any more */
    SHUNT_SILENT,   /* likewise, for it was silent */
};

/* A packet of a shunted flow: the last of `every` is judged, and one `ns` after the last that was;
 * as long a silence ends the shunt, as does what `finishes`. Two CPUs may see packets of a flow at
 * once: packets and bytes are exact, when one is judged needs not be. */
ALWAYS_INLINE enum shunt_answer shunt_meet(struct shunt *shunt, uint64_t now, uint64_t length,
                                           bool finishes, uint64_t every, uint64_t ns)
{
    if ((int64_t)(now - shunt->last) > (int64_t)ns) /* another CPU may be ahead */
        return SHUNT_SILENT;
    if (finishes)
        return SHUNT_FINISHED;
    shunt->last = now;
    if ((int64_t)shunt->left <= 1 || (int64_t)(now - shunt->judged) > (int64_t)ns) {
        shunt->left = every;
        shunt->judged = now;
        return SHUNT_JUDGE;
    }
    shunt->left -= 1;
    __sync_fetch_and_add(&shunt->packets, 1);
    __sync_fetch_and_add(&shunt->bytes, length);
    return SHUNT_GOES;
}

struct shunt_run {
    uint32_t tag;      /* of the flow's hash */
    uint16_t verdicts; /* in a row */
    uint8_t slot;      /* of all of them */
    uint8_t asked;     /* 1: the flow may be shunted */
    uint64_t begun;    /* a worker's: ns, when the thread put it into the map; 0: it hasn't */
};

enum shunt_turn {
    SHUNT_STAYS,  /* as it is */
    SHUNT_BEGINS, /* unless the flow is over: then, run->asked is the caller's to set */
    SHUNT_ENDS,
};

/* A verdict for a packet of the flow with this tag, which has had so many `packets`. `after`:
 * verdicts like this one that allow a shunt; 0: it doesn't. `run`: what lies at the flow's place.
 */
ALWAYS_INLINE enum shunt_turn shunt_run_see(struct shunt_run *run, uint32_t tag, uint32_t slot,
                                            uint32_t after, uint64_t packets)
{
    bool ends = run->tag == tag && run->asked;

    if (!after) {
        if (run->tag != tag)
            return SHUNT_STAYS;
        run->verdicts = 0;
        run->asked = 0;
        return ends ? SHUNT_ENDS : SHUNT_STAYS;
    }
    if (run->tag != tag)
        *run = (struct shunt_run){.tag = tag, .slot = (uint8_t)slot};
    if (run->slot != slot || run->verdicts >= packets) /* or the flow has begun anew */
        run->verdicts = 0;
    run->slot = (uint8_t)slot;
    run->verdicts++;
    if (run->verdicts < after)
        return SHUNT_STAYS;
    run->verdicts = 0;
    return SHUNT_BEGINS;
}

#endif
