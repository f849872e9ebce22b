// SPDX-License-Identifier: BSD-2-Clause
/* Where events go that aren't a file: a broker, which takes a line now and says later what became
 * of it. What it can't take, or doesn't keep, is told to the owner, line by line, so that
 *
 *     produced = delivered + lost.
 *
 * All from the writer's thread alone, but where it says otherwise, and never cancelled: each call
 * ends within seconds, whatever the broker does. */
#ifndef AFXDP_EVE_SINK_H
#define AFXDP_EVE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* What a line tells of. */
struct eve_pending {
    int kind; /* EVE_KINDS: none of a flow */
    uint64_t packets, bytes;
};

/* Called from within the functions below, once for each line that was put. */
typedef void eve_sink_done(void *context, const struct eve_pending *pending, bool delivered);

struct eve_sink_options {
    const char *path; /* "kafka:BROKERS/TOPIC", "redis:HOST[:PORT]/KEY" */
    bool waits;       /* for room, rather than losing lines, while the broker takes some */
    eve_sink_done *done;
    void *context;
};

struct eve_sink {
    /* `key`: lines with the same one stay in order; its length may be 0. Copies what it keeps. */
    void (*put)(struct eve_sink *sink, const char *line, size_t length, const char *key,
                size_t key_length, const struct eve_pending *pending);
    /* Sends what waits, and hears what became of lines. */
    void (*serve)(struct eve_sink *sink);
    /* Waits until nothing is on its way, without progress no longer than that; the rest is lost.
     * With 0 from any thread, once the writer's has ended. */
    void (*finish)(struct eve_sink *sink, unsigned wait_ms);
    void (*close)(struct eve_sink *sink);
    const char *fault; /* why lines are lost at present, a constant; NULL: they aren't */
    uint64_t progress; /* grows; both atomic, read by any thread */
};

static inline void eve_sink_set_fault(struct eve_sink *sink, const char *fault)
{
    __atomic_store_n(&sink->fault, fault, __ATOMIC_RELEASE);
}

static inline void eve_sink_make_progress(struct eve_sink *sink)
{
    __atomic_store_n(&sink->progress, sink->progress + 1, __ATOMIC_RELAXED);
}

/* Whether a path names a broker. */
bool eve_sink_is_meant(const char *path);

/* Whether a path that names a broker is well made. -EINVAL with one line. */
int eve_sink_check(const char *path, struct error *error);

/* `options` and its path stay the owner's. -EINVAL with one line. A broker that is away is no
 * error: it may come. */
int eve_sink_open(struct eve_sink **out, const struct eve_sink_options *options,
                  struct error *error);

#endif
