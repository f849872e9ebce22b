// SPDX-License-Identifier: BSD-2-Clause
#include "verdict_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "verdict_log.h"
#include "verdict_ring.h"

enum {
    BUFFER_SIZE = 1 << 16,
    IDLE_MS = 2,
    WRITABLE_MS = 50, /* one look whether a reader has made room */
    CLOSE_MS = 2000,  /* for a reader to take what is left */
    CANCEL_MS = 500,  /* beyond that, for a write that hangs */
};

struct verdict_stream {
    struct burst_observer observer;
    struct verdict_rows rows; /* how a row looks */
    struct verdict_source source;
    struct verdict_ring *ring; /* NULL with a source */
    uint64_t index;            /* of the pipeline's next packet */
    const char *path;
    int file;
    size_t write_most; /* what never blocks once the file is writable */
    pthread_t thread;
    bool closing;
    int status; /* -errno of the first write that failed */
    /* the thread's */
    char buffer[BUFFER_SIZE];
    size_t length;
    uint64_t pulled; /* rows put into the buffer */
    uint64_t written;
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

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
    return BUFFER_SIZE - s->length >= VERDICT_ROW_MAX;
}

void verdict_stream_add(struct verdict_stream *s, uint64_t index, uint32_t slot, uint32_t action,
                        bool classified, uint16_t confidence)
{
    s->pulled++;
    s->length += verdict_row_print(&s->rows, s->buffer + s->length, index, slot, action, classified,
                                   confidence);
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

static uint64_t lines_in(const char *text, size_t length)
{
    uint64_t lines = 0;

    for (const char *end; (end = memchr(text, '\n', length)); lines++) {
        length -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    return lines;
}

/* What the file takes now; false where a reader has made no room for it within WRITABLE_MS. */
static bool write_some(struct verdict_stream *s)
{
    struct pollfd file = {.fd = s->file, .events = POLLOUT};
    size_t most = s->length < s->write_most ? s->length : s->write_most;

    if (poll(&file, 1, WRITABLE_MS) <= 0)
        return false;
    ssize_t taken = write(s->file, s->buffer, most);
    if (taken < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (taken < 0) {
        __atomic_store_n(&s->status, -errno, __ATOMIC_RELEASE);
        return false;
    }
    s->written += lines_in(s->buffer, (size_t)taken);
    s->length -= (size_t)taken;
    memmove(s->buffer, s->buffer + taken, s->length);
    return true;
}

static void *writer_thread(void *argument)
{
    const struct timespec pause = {.tv_nsec = IDLE_MS * 1000000};
    struct verdict_stream *s = argument;
    uint64_t end = 0;

    for (;;) {
        bool closing = __atomic_load_n(&s->closing, __ATOMIC_ACQUIRE);

        s->source.pull(s->source.context, s);
        if (closing && end == 0)
            end = now_ms() + CLOSE_MS;
        if (s->length == 0 && closing)
            break;
        if (s->length == 0) {
            nanosleep(&pause, NULL);
        } else if (s->status != 0) {
            s->length = 0;
        } else if (!write_some(s) && closing && now_ms() > end) {
            break;
        }
    }
    return NULL;
}

static int open_file(struct verdict_stream *s, struct error *error)
{
    struct stat what;

    s->file = strcmp(s->path, "-") == 0
                  ? STDOUT_FILENO
                  : open(s->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (s->file < 0)
        return error_set(error, -errno, "cannot write verdicts to %s: %s", s->path,
                         strerror(errno));
    /* A pipe that is writable has room for PIPE_BUF bytes (pipe(7)); a file takes any. */
    bool regular = fstat(s->file, &what) == 0 && S_ISREG(what.st_mode);
    s->write_most = regular ? BUFFER_SIZE : PIPE_BUF;
    return 0;
}

/* Signals are for the main thread, and a pipe without a reader is an error like any other. */
static int start_thread(struct verdict_stream *s)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(&s->thread, NULL, writer_thread, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -status;
}

static void free_stream(struct verdict_stream *s)
{
    if (s->file > STDOUT_FILENO)
        close(s->file);
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
    s->path = path;
    s->file = -1;
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
    status = open_file(s, error);
    if (status != 0)
        goto fail;
    s->length = strlen(strcpy(s->buffer, VERDICT_ROW_HEADER));
    status = start_thread(s);
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
    int status = __atomic_load_n(&s->status, __ATOMIC_ACQUIRE);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot write verdicts to %s: %s", s->path, strerror(-status));
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
        s->length = 0;
        s->source.pull(s->source.context, s);
    }
    /* The header is a line that was never pulled. */
    *lost = s->pulled - (s->written > 0 ? s->written - 1 : 0) + (s->ring ? s->ring->lost : 0);
    int status = verdict_stream_check(s, error);
    free_stream(s);
    return status;
}
