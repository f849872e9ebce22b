// SPDX-License-Identifier: BSD-2-Clause
#include "verdict_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "line_file.h"
#include "monotonic.h"
#include "rights.h"
#include "thread.h"
#include "verdict_log.h"
#include "verdict_ring.h"

enum {
    IDLE_MS = 2,
    CLOSE_MS = 2000, /* for a reader to take what is left */
    CANCEL_MS = 500, /* beyond that, for a write that hangs */
};

struct verdict_stream {
    struct burst_observer observer;
    struct verdict_rows rows; /* how a row looks */
    struct verdict_source source;
    struct verdict_ring *ring; /* NULL with a source */
    uint64_t index;            /* of the pipeline's next packet */
    pthread_t thread;
    bool closing;
    struct line_file lines; /* the thread's */
    uint64_t pulled;        /* likewise: rows put into the buffer */
};

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct verdict_stream *s = (struct verdict_stream *)observer;
    uint64_t pending = 0;
    uint32_t ip = 0;

    for (uint32_t i = 0; i < burst->count; i++) {
        struct verdict_record *record = verdict_ring_place(s->ring, pending);
        bool verdict = ip < burst->ip_count && burst->place[ip] == i;

        if (record) {
            *record = (struct verdict_record){
                .index = s->index + i,
                .slot = burst->slot[i],
                .action = burst->action[i],
                .classified = verdict,
                .confidence = verdict ? burst->verdicts[ip].confidence : 0,
            };
            pending++;
        }
        ip += verdict;
    }
    s->index += burst->count;
    verdict_ring_publish(s->ring, pending);
    verdict_ring_count_lost(s->ring, burst->count - pending);
}

bool verdict_stream_has_room(const struct verdict_stream *s)
{
    return line_file_has_room(&s->lines, VERDICT_ROW_MAX);
}

void verdict_stream_add(struct verdict_stream *s, uint64_t index, uint32_t slot, uint32_t action,
                        bool classified, uint16_t confidence)
{
    s->pulled++;
    s->lines.length += verdict_row_print(&s->rows, s->lines.buffer + s->lines.length, index, slot,
                                         action, classified, confidence);
}

static void pull_ring(void *context, struct verdict_stream *s)
{
    struct verdict_ring *ring = context;
    const struct verdict_record *record;

    while (verdict_stream_has_room(s) && (record = verdict_ring_peek(ring))) {
        verdict_stream_add(s, record->index, record->slot, record->action, record->classified,
                           record->confidence);
        verdict_ring_next(ring);
    }
}

static void *writer_thread(void *argument)
{
    const struct timespec pause = {.tv_nsec = IDLE_MS * 1000000};
    struct verdict_stream *s = argument;
    uint64_t end = 0;

    (void)rights_give_up();
    for (;;) {
        bool closing = __atomic_load_n(&s->closing, __ATOMIC_ACQUIRE);

        s->source.pull(s->source.context, s);
        if (closing && end == 0)
            end = monotonic_ms() + CLOSE_MS;
        if (s->lines.length == 0 && closing)
            break;
        if (s->lines.length == 0) {
            nanosleep(&pause, NULL);
        } else if (s->lines.status != 0) {
            s->lines.length = 0;
        } else if (!line_file_write(&s->lines) && closing && monotonic_ms() > end) {
            break;
        }
    }
    return NULL;
}

static void free_stream(struct verdict_stream *s)
{
    line_file_close(&s->lines);
    free(s->ring);
    free(s);
}

int verdict_stream_open(struct verdict_stream **out, const char *path, const struct policy *policy,
                        bool classified, const struct verdict_source *source, struct error *error)
{
    struct verdict_stream *s = calloc(1, sizeof(*s));
    int status;

    if (!s)
        return error_set(error, -ENOMEM, "no memory to write verdicts");
    s->observer.observe = observe;
    s->lines.file = -1;
    verdict_rows_init(&s->rows, policy, classified);
    if (source) {
        s->source = *source;
    } else {
        s->ring = aligned_alloc(_Alignof(struct verdict_ring), sizeof(*s->ring));
        if (!s->ring) {
            status = error_set(error, -ENOMEM, "no memory to write verdicts");
            goto fail;
        }
        memset(s->ring, 0, sizeof(*s->ring));
        s->source = (struct verdict_source){pull_ring, s->ring};
    }
    status = line_file_open(&s->lines, path, false, "verdicts", error);
    if (status != 0)
        goto fail;
    s->lines.length = strlen(strcpy(s->lines.buffer, VERDICT_ROW_HEADER));
    status = thread_start(&s->thread, writer_thread, s);
    if (status != 0) {
        error_set(error, status, "cannot start a thread: %s", strerror(-status));
        goto fail;
    }
    *out = s;
    return 0;

fail:
    free_stream(s);
    return status;
}

struct burst_observer *verdict_stream_observer(struct verdict_stream *s)
{
    return &s->observer;
}

int verdict_stream_check(const struct verdict_stream *s, struct error *error)
{
    int status = line_file_status(&s->lines);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot write verdicts to %s: %s", s->lines.path,
                     strerror(-status));
}

/* A write to a terminal that is held may hang all the same. */
static void join(struct verdict_stream *s)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += (CLOSE_MS + CANCEL_MS) / 1000 + 1;
    if (pthread_timedjoin_np(s->thread, NULL, &end) == 0)
        return;
    pthread_cancel(s->thread);
    pthread_join(s->thread, NULL);
}

int verdict_stream_close(struct verdict_stream *s, uint64_t *lost, struct error *error)
{
    __atomic_store_n(&s->closing, true, __ATOMIC_RELEASE);
    join(s);
    for (uint64_t before = s->pulled - 1; before != s->pulled;) { /* what is left is only counted */
        before = s->pulled;
        s->lines.length = 0;
        s->source.pull(s->source.context, s);
    }
    /* The header is a line that was never pulled. */
    *lost = s->pulled - (s->lines.written > 0 ? s->lines.written - 1 : 0) +
            (s->ring ? s->ring->lost : 0);
    int status = verdict_stream_check(s, error);
    free_stream(s);
    return status;
}
