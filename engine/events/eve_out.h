// SPDX-License-Identifier: BSD-2-Clause
/* Events' lines on their way out: gathered in a buffer, and each of them written or counted as lost
 * with what it tells of. The writer's thread alone, but where it says otherwise. */
#ifndef AFXDP_EVE_OUT_H
#define AFXDP_EVE_OUT_H

#include "eve_record.h"
#include "eve_sink.h"
#include "line_file.h"

enum {
    EVE_BATCH = 512,     /* lines in the buffer at most */
    EVE_CLOSE_MS = 2000, /* without progress, at the end */
};

struct eve_totals {
    uint64_t written;             /* lines */
    uint64_t lost[EVE_KINDS];     /* there was no room, or they could not be written */
    uint64_t left_out[EVE_KINDS]; /* by the rate */
    uint64_t lost_posts;          /* of eve_post */
    uint64_t produced;            /* lines that a broker was given, */
    uint64_t undelivered;         /* and of them those that it didn't keep */
    uint64_t unreported_flows, unreported_packets, unreported_bytes; /* of the two above */
    uint64_t no_flow_packets, no_flow_bytes;
};

struct eve_out {
    void (*tell)(void *context, const char *line, size_t length); /* NULL: nobody */
    void *context;
    struct line_file lines;
    struct eve_sink *sink;               /* in its place; NULL: none */
    struct eve_pending batch[EVE_BATCH]; /* of the lines in the buffer */
    uint32_t batch_count;
    uint64_t batch_start; /* lines written before it */
    bool given_up;        /* at the end the reader took nothing any more */
    bool closing;         /* these two: atomic, set by any thread */
    int next_file;        /* to go on with; -1: none */
    uint64_t tried;       /* ms: when a socket was last well, or opened again in vain */
    struct eve_totals totals;
};

/* As eve_sink_done, whose context is the struct eve_out. */
void eve_out_delivered(void *context, const struct eve_pending *pending, bool delivered);

struct eve_pending eve_pending_of(const struct eve_record *record);

/* Counts what isn't told, in one of lost and left_out of the totals. */
void eve_out_leave_out(struct eve_out *out, const struct eve_pending *line, uint64_t *by_kind);

/* Whether lines have a chance. */
bool eve_out_is_open(const struct eve_out *out);

/* Tells a line, puts it into the buffer where there is a file, and counts it where there is no
 * way. */
void eve_out_line(struct eve_out *out, const char *line, size_t length,
                  const struct eve_pending *pending);

/* Writes the buffer out, however long the reader takes, unless another one is asked for; at the end
 * EVE_CLOSE_MS without progress are enough. False where it can't be written. */
bool eve_out_flush(struct eve_out *out);

/* Goes on with another file where there is one, and tries a socket whose reader went away each
 * second. Once flushed. */
void eve_out_go_on(struct eve_out *out);

/* Has the writer go on with a file that was opened again. Any thread. */
void eve_out_hand_over(struct eve_out *out, int file);

/* The end, of a broker: waits for what is on its way, EVE_CLOSE_MS without progress. */
void eve_out_finish(struct eve_out *out);

/* Once the writer's thread has been stopped in the middle: what is in the buffer is lost. */
void eve_out_give_up(struct eve_out *out);

#endif
