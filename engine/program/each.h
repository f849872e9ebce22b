// SPDX-License-Identifier: BSD-2-Clause
/* The same work for each of many captures, each in a process of its own. */
#ifndef AFXDP_EACH_H
#define AFXDP_EACH_H

#include <stdint.h>
#include <stdio.h>

#include "error.h"

enum { EACH_JOBS_MAX = 1024 };

struct each {
    uint32_t count;
    uint32_t jobs; /* at the same time, 1 to EACH_JOBS_MAX */
    /* In a child process: does item `i`, writes what there is to tell to `out`, and returns its
     * exit status. */
    int (*work)(void *context, uint32_t i, FILE *out);
    /* In this process, in the items' order: item `i` has ended, and what it told can be read. */
    void (*collect)(void *context, uint32_t i, int status, FILE *out);
    void *context;
};

/* Shows on a terminal how many are done. Returns the worst exit status; after SIGINT or SIGTERM
 * (signals.h) those at work are told to end, and no others begin. -errno where no process can be
 * had. */
int each_run(const struct each *each, struct error *error);

#endif
