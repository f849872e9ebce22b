// SPDX-License-Identifier: BSD-2-Clause
/* The thread that shunts: workers tell it which flows are to go by, and which no longer; it changes
 * the map that the XDP program looks flows up in (shunter.h, shunted.bpf.h). */
#ifndef AFXDP_SHUNTS_H
#define AFXDP_SHUNTS_H

#include <jansson.h>

#include "config.h"
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

/* Whether flows can be shunted on the config's ports and with its keys; -EINVAL with words. */
int shunts_check(const struct afxdp_config *config, struct error *error);

int shunts_open(struct shunts **out, const struct shunts_options *options, struct error *error);

/* For the programs, and for each worker's pipeline. NULL where `shunts` is. */
const struct shunted *shunts_map(const struct shunts *shunts);
struct shunter *shunts_shunter(struct shunts *shunts, uint32_t worker);

int shunts_start(struct shunts *shunts, struct error *error);

/* What is told of shunts: those begun, and ended by another verdict, by RST or FIN, by silence;
 * packets and bytes that went by, packets that were judged all the same, and those of them that
 * were judged otherwise or may have been overtaken; beginnings that the kernel had no room for, and
 * orders that found none on their way. */
struct shunts_seen {
    uint64_t begun, otherwise, finished, silent;
    uint64_t packets, bytes, judged, judged_otherwise, overtaken;
    uint64_t failed, lost;
};

/* The report's member `shunts`; the caller frees it. */
json_t *shunts_json(const struct shunted *map, const struct shunts_seen *seen);

/* The same, as the `programs` have counted too; the caller frees it. From any
 * thread. */
json_t *shunts_report(const struct shunts *shunts, const struct redirect_counters *programs);

/* After the workers have ended. Takes NULL. */
void shunts_close(struct shunts *shunts);

#endif
