// SPDX-License-Identifier: BSD-2-Clause
#include "verdict_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "confine.h"
#include "line_file.h"
#include "monotonic.h"
#include "verdict_ring.h"

enum {
    IDLE_MS = 2,
    TURN = 1024,     /* rows of a queue, then of the next */
    CLOSE_MS = 2000, /* for a reader to take what is left */
    CANCEL_MS = 500, /* beyond that, for a write that hangs */
};

/* What a worker fills, and the writer empties. */
struct queue {
    struct burst_observer observer;
    struct verdict_ring *ring;
    uint64_t index; /* of the pipeline's next packet */
    uint16_t number;
};

struct verdict_stream {
    struct verdict_rows rows; /* how a row looks */
    struct verdict_source source;
    pthread_t thread;
    bool closing;
    struct line_file lines; /* the thread's, as all from here on */
    uint64_t pulled;        /* rows put into the buffer */
    uint32_t turn;          /* which queue comes first */
    uint32_t queue_count;   /* 0 with a source */
    struct queue queue[];
};

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct queue *queue = (struct queue *)observer;
    uint64_t pending = 0;
    uint32_t ip = 0;

    for (uint32_t i = 0; i < burst->count; i++) {
        struct verdict_record *record = verdict_ring_place(queue->ring, pending);

        if (!record)
            break;
        verdict_record_of_burst(record, burst, i, &ip, queue->index, queue->number);
        pending++;
    }
    queue->index += burst->count;
    verdict_ring_publish(queue->ring, pending);
    verdict_ring_count_lost(queue->ring, burst->count - pending);
}

bool verdict_stream_has_room(const struct verdict_stream *s)
{
    return line_file_has_room(&s->lines, VERDICT_ROW_MAX);
}

void verdict_stream_add(struct verdict_stream *s, const struct verdict_record *record)
{
    s->pulled++;
    s->lines.length += verdict_row_print(&s->rows, s->lines.buffer + s->lines.length, record);
}

static void pull_rings(void *context, struct verdict_stream *s)
{
    (void)context;
    for (uint32_t i = 0; i < s->queue_count; i++) {
        struct verdict_ring *ring = s->queue[s->turn++ % s->queue_count].ring;
        const struct verdict_record *record;

        for (int taken = 0;
             taken < TURN && verdict_stream_has_room(s) && (record = verdict_ring_peek(ring));
             taken++) {
            verdict_stream_add(s, record);
            verdict_ring_next(ring);
        }
    }
    s->turn++;
}

static void *writer_thread(void *argument)
{
    const struct timespec pause = {.tv_nsec = IDLE_MS * 1000000};
    struct verdict_stream *s = argument;
    uint64_t end = 0;

    for (;;) {
        bool closing = __atomic_load_n(&s->closing, __ATOMIC_ACQUIRE);

        day_clock_watch(&s->rows.clock);
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
    for (uint32_t i = 0; i < s->queue_count; i++)
        free(s->queue[i].ring);
    free(s);
}

static int make_rings(struct verdict_stream *s)
{
    for (uint32_t i = 0; i < s->queue_count; i++) {
        struct queue *queue = &s->queue[i];

        queue->observer.observe = observe;
        queue->number = (uint16_t)i;
        queue->ring = aligned_alloc(_Alignof(struct verdict_ring), sizeof(*queue->ring));
        if (!queue->ring)
            return -ENOMEM;
        memset(queue->ring, 0, sizeof(*queue->ring));
    }
    return 0;
}

int verdict_stream_open(struct verdict_stream **out, const struct verdict_stream_options *options,
                        const struct verdict_source *source, struct error *error)
{
    const struct confine_thread writer = {.who = CONFINED_WRITER};
    uint32_t queues = source ? 0 : options->queues;
    struct verdict_stream *s = calloc(1, sizeof(*s) + queues * sizeof(s->queue[0]));
    int status;

    if (!s)
        return error_set(error, -ENOMEM, "no memory to write verdicts");
    s->queue_count = queues;
    s->lines.file = -1;
    verdict_rows_init(&s->rows, options->policy, options->classified, options->day_times);
    s->source = source ? *source : (struct verdict_source){pull_rings, NULL};
    if (make_rings(s) != 0) {
        status = error_set(error, -ENOMEM, "no memory to write verdicts of %u queues", queues);
        goto fail;
    }
    status = line_file_open(&s->lines, options->path, false, "verdicts", error);
    if (status != 0)
        goto fail;
    s->lines.length = strlen(strcpy(s->lines.buffer, VERDICT_ROW_HEADER));
    status = confine_start(&s->thread, &writer, writer_thread, s, error);
    if (status != 0)
        goto fail;
    *out = s;
    return 0;

fail:
    free_stream(s);
    return status;
}

struct burst_observer *verdict_stream_observer(struct verdict_stream *s, uint32_t queue)
{
    return &s->queue[queue].observer;
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
    *lost = s->pulled - (s->lines.written > 0 ? s->lines.written - 1 : 0);
    for (uint32_t i = 0; i < s->queue_count; i++)
        *lost += s->queue[i].ring->lost;
    int status = verdict_stream_check(s, error);
    free_stream(s);
    return status;
}
