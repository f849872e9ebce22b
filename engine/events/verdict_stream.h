// SPDX-License-Identifier: BSD-2-Clause
/* --verdicts on an interface: rows as verdict_log.h writes them, by a thread of their own. Whatever
 * the reader of the file does, packets don't wait: rows that find no room are left out and counted.
 *
 * A row's index is the packet's, so that a reader sees where rows are missing. */
#ifndef AFXDP_VERDICT_STREAM_H
#define AFXDP_VERDICT_STREAM_H

#include "pipeline.h"

struct verdict_stream;

/* Where the writer's thread gets rows from that no pipeline shows it: `pull` adds what there is,
 * while there is room, by verdict_stream_add. */
struct verdict_source {
    void (*pull)(void *context, struct verdict_stream *stream);
    void *context;
};

/* Creates the file ("-": standard output) and starts the thread. `classified`: there is a model.
 * `source`: NULL for a stream that observes a pipeline. The policy is copied. -errno of open, of
 * starting a thread. */
int verdict_stream_open(struct verdict_stream **out, const char *path, const struct policy *policy,
                        bool classified, const struct verdict_source *source, struct error *error);

/* For one pipeline; its thread alone. */
struct burst_observer *verdict_stream_observer(struct verdict_stream *stream);

/* From `pull` alone. */
bool verdict_stream_has_room(const struct verdict_stream *stream);
void verdict_stream_add(struct verdict_stream *stream, uint64_t index, uint32_t slot,
                        uint32_t action, bool classified, uint16_t confidence);

/* Whether writing has failed, from then on rows are only counted; 0 or -errno with one line. From
 * any thread. */
int verdict_stream_check(const struct verdict_stream *stream, struct error *error);

/* Once nothing comes any more: writes out what is there, for two seconds at most, and frees. *lost:
 * rows that aren't in the file. -errno of writing, with one line. */
int verdict_stream_close(struct verdict_stream *stream, uint64_t *lost, struct error *error);

#endif
