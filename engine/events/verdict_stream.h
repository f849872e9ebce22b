// SPDX-License-Identifier: BSD-2-Clause
/* --verdicts on an interface: rows as verdict_row.h writes them, by a thread of their own. Whatever
 * the reader of the file does, packets don't wait: rows that find no room are left out and counted.
 *
 *     worker ── ring ──►┐
 *     worker ── ring ──►├─ writer ─► file
 *     (or the kernel's records)
 *
 * A row's index is the packet's in its queue, so that a reader sees where rows are missing. Rows of
 * one queue are in the packets' order, those of several come as they come. */
#ifndef AFXDP_VERDICT_STREAM_H
#define AFXDP_VERDICT_STREAM_H

#include "verdict_row.h"

struct verdict_stream;

/* Where the writer's thread gets rows from that no pipeline shows it: `pull` adds what there is,
 * while there is room, by verdict_stream_add. */
struct verdict_source {
    void (*pull)(void *context, struct verdict_stream *stream);
    void *context;
};

struct verdict_stream_options {
    const char *path;
    const struct policy *policy; /* copied */
    uint32_t queues;             /* pipelines that are observed; with a source none are */
    bool classified;             /* there is a model */
    bool day_times;              /* packets' times are of the day, not of the monotonic clock */
};

/* Creates the file ("-": standard output) and starts the thread. `source`: NULL for a stream that
 * observes pipelines. -ENOMEM, -errno of open, of starting a thread. */
int verdict_stream_open(struct verdict_stream **out, const struct verdict_stream_options *options,
                        const struct verdict_source *source, struct error *error);

/* For the pipeline of that queue; its thread alone. */
struct burst_observer *verdict_stream_observer(struct verdict_stream *stream, uint32_t queue);

/* From `pull` alone. */
bool verdict_stream_has_room(const struct verdict_stream *stream);
void verdict_stream_add(struct verdict_stream *stream, const struct verdict_record *record);

/* Whether writing has failed, from then on rows are only counted; 0 or -errno with one line. From
 * any thread. */
int verdict_stream_check(const struct verdict_stream *stream, struct error *error);

/* Once nothing comes any more: writes out what is there, for two seconds at most, and frees. *lost:
 * rows that aren't in the file. -errno of writing, with one line. */
int verdict_stream_close(struct verdict_stream *stream, uint64_t *lost, struct error *error);

#endif
