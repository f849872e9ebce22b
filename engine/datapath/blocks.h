// SPDX-License-Identifier: BSD-2-Clause
/* The thread that blocks: workers tell it of offences, it tells the XDP program.
 *
 *     worker ─ offences ─► ring ─► block_table: enough? ─► map of blocked hosts ◄─ XDP program
 *                                  allowed, own: never       ▲ taken out when the time is over
 *
 * Only it changes the map, and only it makes system calls for that. */
#ifndef AFXDP_BLOCKS_H
#define AFXDP_BLOCKS_H

#include <jansson.h>

#include "accuser.h"
#include "blocked.h"
#include "prefix_list.h"

struct blocks_options {
    uint32_t workers;
    uint32_t most;     /* hosts at a time */
    uint32_t after;    /* offences */
    bool unproven;     /* sources needn't be proven */
    bool two_sides;    /* see struct handshakes */
    bool kernel_clock; /* packets' times are of CLOCK_MONOTONIC */
};

struct blocks;

int blocks_open(struct blocks **out, const struct blocks_options *options, struct error *error);

/* For the programs, and for each worker's pipeline. */
const struct blocked *blocks_map(const struct blocks *blocks);
struct accuser *blocks_accuser(struct blocks *blocks, uint32_t worker);

/* Whom never to block, beside this host's own addresses. -ENOMEM, -E2BIG. */
int blocks_allow(struct blocks *blocks, const struct prefix_list *allowed, struct error *error);

int blocks_start(struct blocks *blocks, struct error *error);

/* The report's member `blocks`; the caller frees it. From any thread. */
json_t *blocks_report(const struct blocks *blocks);

/* After the workers have ended. Takes NULL. */
void blocks_close(struct blocks *blocks);

#endif
