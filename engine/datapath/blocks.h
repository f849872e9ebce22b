// SPDX-License-Identifier: BSD-2-Clause
/* The thread that blocks: workers tell it of offences, it tells the XDP program.
 *
 *     worker ─ offences ─► ring ─► block_table: enough? ─► map of blocked hosts ◄─ XDP program
 *                                  allowed, own: never       ▲ taken out when the time is over
 *
 * In the kernel datapath the programs tell of offences, through a ring of the kernel's.
 *
 * What is done by hand, from another thread, waits for it, a host at a time. */
#ifndef AFXDP_BLOCKS_H
#define AFXDP_BLOCKS_H

#include <jansson.h>

#include "accuser.h"
#include "blocked.h"
#include "prefix_list.h"

struct blocks_options {
    uint32_t workers;  /* that tell of offences */
    uint32_t most;     /* hosts at a time */
    uint32_t after;    /* offences */
    bool unproven;     /* sources needn't be proven */
    bool two_sides;    /* see struct handshakes */
    bool kernel_clock; /* packets' times are of CLOCK_MONOTONIC */
    bool events;       /* somebody takes them */
};

struct blocks;

struct blocked_host {
    struct block_key source;
    uint64_t until; /* ns, CLOCK_MONOTONIC */
};

enum block_change {
    BLOCK_BEGAN,
    BLOCK_GREW,    /* to a later end */
    BLOCK_ENDED,   /* its time was over */
    BLOCK_EVICTED, /* for another one */
    BLOCK_REMOVED, /* by hand */
};

struct block_event {
    struct block_key source;
    uint64_t time;    /* ns since 1970 */
    uint32_t seconds; /* that it has begun or grown to */
    enum block_change change;
};

#define BLOCKS_END UINT32_MAX

enum { BLOCKS_PAGE = 512 };

/* What the programs of the kernel datapath have counted. */
struct blocks_seen {
    uint64_t unproven; /* offences of sources that weren't */
    uint64_t lost;     /* offences that found no room on their way */
};

int blocks_open(struct blocks **out, const struct blocks_options *options, struct error *error);

/* For the programs, and for each worker's pipeline. */
const struct blocked *blocks_map(const struct blocks *blocks);
struct accuser *blocks_accuser(struct blocks *blocks, uint32_t worker);

/* Whom never to block, beside this host's own addresses. -ENOMEM, -E2BIG. */
int blocks_allow(struct blocks *blocks, const struct prefix_list *allowed, struct error *error);

/* Blocks who was blocked at the end of another run: what --state has kept, if there is such a file.
 * Before the start. -errno with words. */
int blocks_restore(struct blocks *blocks, const char *path, uint32_t *restored,
                   struct error *error);

/* Writes who is blocked for blocks_restore, in the place of the former file. Any thread. */
int blocks_save(struct blocks *blocks, const char *path, struct error *error);

/* By hand, from any thread: hosts for so many seconds from now, whoever they are but allowed or our
 * own; -EINVAL for a network, -E2BIG, -EPERM. Or no longer; -ENOENT. */
int blocks_add(struct blocks *blocks, const struct prefix_list *hosts, uint64_t seconds,
               struct error *error);
int blocks_remove(struct blocks *blocks, const struct prefix_list *hosts, struct error *error);

/* The next of what has happened, in order; how many. From one thread. */
uint32_t blocks_take_events(struct blocks *blocks, struct block_event events[BLOCKS_PAGE]);

/* Lets all go; how many. */
uint32_t blocks_flush(struct blocks *blocks);

/* The next ones from *place on, which begins with 0 and ends as BLOCKS_END. Who is blocked from the
 * first call to the last is among them, once. */
uint32_t blocks_read(struct blocks *blocks, uint32_t *place,
                     struct blocked_host hosts[BLOCKS_PAGE]);

/* Has programs tell of offences, too, through a ring buffer of theirs. Before the start. -errno of
 * mapping it. */
int blocks_listen(struct blocks *blocks, int ring, struct error *error);

int blocks_start(struct blocks *blocks, struct error *error);

/* The report's member `blocks`, with what programs have `seen`; the caller frees it. From any
 * thread. */
json_t *blocks_report(const struct blocks *blocks, const struct blocks_seen *seen);

/* After the workers have ended. Takes NULL. */
void blocks_close(struct blocks *blocks);

#endif
