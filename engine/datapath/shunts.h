// SPDX-License-Identifier: BSD-2-Clause
/* The thread that shunts: workers tell it which flows are to go by, and which no longer; it changes
 * the map that the XDP program looks flows up in (shunter.h, shunted.bpf.h). */
#ifndef AFXDP_SHUNTS_H
#define AFXDP_SHUNTS_H

#include <jansson.h>

#include "redirect_abi.h"
#include "shunted.h"
#include "shunter.h"

struct shunts_options {
    uint32_t workers;
    uint32_t most;     /* flows at a time */
    uint32_t every;    /* a packet of so many is judged, */
    uint32_t seconds;  /* and one after this time; a silence as long ends a shunt */
    bool kernel_clock; /* packets' times are of CLOCK_MONOTONIC */
};

struct shunts;

int shunts_open(struct shunts **out, const struct shunts_options *options, struct error *error);

/* For the programs, and for each worker's pipeline. NULL where `shunts` is. */
const struct shunted *shunts_map(const struct shunts *shunts);
struct shunter *shunts_shunter(struct shunts *shunts, uint32_t worker);

int shunts_start(struct shunts *shunts, struct error *error);

/* The report's member `shunts`, of what the programs have `seen` too; the caller frees it. From any
 * thread. */
json_t *shunts_report(const struct shunts *shunts, const struct redirect_counters *seen);

/* After the workers have ended. Takes NULL. */
void shunts_close(struct shunts *shunts);

#endif
