// SPDX-License-Identifier: BSD-2-Clause
/* Threads that touch what comes from outside make the few system calls that their work takes, and
 * no other (seccomp). A forbidden one isn't carried out: the process gets SIGSYS, and ends as if it
 * had been killed, so that the wire is left as by kill -9. */
#ifndef AFXDP_CONFINE_H
#define AFXDP_CONFINE_H

#include <pthread.h>
#include <stdint.h>

#include "error.h"

enum confined {
    CONFINED_WORKER,  /* polls its sockets, and kicks them */
    CONFINED_WRITER,  /* writes what is open */
    CONFINED_SENDER,  /* the same, and connects again to a Unix socket whose reader went away */
    CONFINED_PACKETS, /* writes what is open, and begins it again */
    CONFINED_CONTROL, /* accepts, receives, answers */
    CONFINED_METRICS, /* the same by TCP, as libmicrohttpd does it */
    CONFINED_BLOCKS,  /* writes to a map, and asks which addresses are this host's */
    CONFINED_SHUNTS,  /* writes to a map */
    CONFINED_STATE,   /* replaces a file */
    CONFINED_BROKERS, /* talks to brokers, by libraries that resolve names and start threads */
    CONFINED_NOT,     /* calls what isn't ours: without rights, but free in its system calls */
};

/* The calling thread, for good; with no_new_privs (rights_give_up). Allocates nothing that lasts.
 * 0 too where the kernel or a sanitizer, whose runtime calls what it likes, has no use for it;
 * -errno. */
int confine(enum confined who);

/* For a thread that a confined one started, and whose filter it therefore has: it may say so, too.
 */
void confine_inherited(enum confined who);

/* What a thread is left with from its first step on. */
struct confine_thread {
    enum confined who;
    uint64_t capabilities; /* a bit each: rights_keep */
    const char *name;      /* as in top; NULL: the program's */
    uint64_t slack_ns;     /* by which its timers may be late; 0: as usual */
};

/* thread_start, of a thread that gives up its rights and is confined before it runs. Where it can't
 * be started, or confined, there is none, so that nothing runs with more than it should: -errno
 * with a line. */
int confine_start(pthread_t *thread, const struct confine_thread *options, void *(*run)(void *),
                  void *argument, struct error *error);

/* Has SIGSYS say on stderr which thread made which call, as `program`, and end the process with
 * status 1. A program's, not a library's. */
void confine_tell(const char *program);

#endif
