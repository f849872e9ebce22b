// SPDX-License-Identifier: BSD-2-Clause
#include "eve.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eve_text.h"
#include "line_file.h"
#include "monotonic.h"
#include "rights.h"
#include "thread.h"

enum {
    POSTS = 64,
    IDLE_MS = 2,
    CANCEL_MS = 500, /* beyond EVE_CLOSE_MS, for a write that hangs */
    LEAD_S = 17,     /* times go back by less than that, but for a stamp that was bogus */
    SECOND = 1000000000,
};

struct eve {
    struct eve_options options;
    struct eve_names names;
    struct eve_flows *flows[EVE_QUEUES_MAX];
    uint32_t queues;
    pthread_t thread;
    bool started;
    bool ended;

    pthread_mutex_t lock; /* of the posts */
    char *post[POSTS];
    uint32_t posts;
    uint64_t refused_posts; /* for want of room; atomic */

    /* the writer's */
    struct eve_out out;
    char *taken[POSTS]; /* posts on their way into the buffer */
    uint32_t taken_count, taken_next;
    uint64_t second, in_second; /* events of the second being counted */
};

static uint64_t wall_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static bool is_too_many(struct eve *eve, const struct eve_record *record)
{
    uint64_t second = record->time / SECOND;

    if (eve->options.rate == 0)
        return false;
    if (second > eve->second || eve->second - second > LEAD_S) {
        eve->second = second;
        eve->in_second = 0;
    }
    return ++eve->in_second > eve->options.rate;
}

static void write_record(struct eve *eve, const struct eve_record *record, uint32_t queue)
{
    const struct eve_pending pending = eve_pending_of(record);
    struct eve_out *out = &eve->out;
    char line[EVE_LINE_MAX];

    if (!eve_out_is_open(out))
        eve_out_leave_out(out, &pending, out->totals.lost);
    else if (is_too_many(eve, record))
        eve_out_leave_out(out, &pending, out->totals.left_out);
    else
        eve_out_line(out, line, eve_text(&eve->names, line, record, queue), &pending);
}

static void write_posts(struct eve *eve)
{
    const struct eve_pending pending = {.kind = EVE_KINDS};

    pthread_mutex_lock(&eve->lock);
    eve->taken_count = eve->posts;
    eve->taken_next = 0;
    memcpy(eve->taken, eve->post, eve->posts * sizeof(eve->post[0]));
    eve->posts = 0;
    pthread_mutex_unlock(&eve->lock);
    while (eve->taken_next < eve->taken_count) {
        char *post = eve->taken[eve->taken_next];

        eve_out_line(&eve->out, post, strlen(post), &pending);
        eve->taken_next++;
        free(post);
    }
}

/* One look at everything; whether there was anything. */
static bool take_all(struct eve *eve)
{
    bool any = eve->out.batch_count > 0;

    eve->names.clock = eve->options.wall_clock ? 0 : wall_clock_ns() - monotonic_ns();
    for (uint32_t queue = 0; queue < eve->queues; queue++) {
        struct eve_ring *ring = eve->flows[queue]->ring;
        const struct eve_record *record;

        for (int i = 0; i < EVE_RING_SIZE && (record = eve_ring_peek(ring)); i++, any = true) {
            write_record(eve, record, queue);
            eve_ring_next(ring);
        }
    }
    write_posts(eve);
    return any;
}

static void *writer_thread(void *argument)
{
    const struct timespec pause = {.tv_nsec = IDLE_MS * 1000000};
    struct eve *eve = argument;

    (void)rights_give_up();
    for (;;) {
        bool closing = __atomic_load_n(&eve->out.closing, __ATOMIC_ACQUIRE);
        bool any = take_all(eve);

        (void)eve_out_flush(&eve->out);
        eve_out_open_again(&eve->out);
        if (closing && !any)
            return NULL;
        if (!any)
            nanosleep(&pause, NULL);
    }
}

int eve_open(struct eve **out, const struct eve_options *options, struct error *error)
{
    struct eve *eve = calloc(1, sizeof(*eve));

    if (!eve)
        return error_set(error, -ENOMEM, "no memory for --eve");
    eve->options = *options;
    eve->out.lines.file = -1;
    pthread_mutex_init(&eve->lock, NULL);
    eve_names_init(&eve->names, options->policy);
    eve->names.interface = options->interface;
    eve->names.community_seed = options->community_seed;
    eve->names.model = options->model;
    int status = line_file_open(&eve->out.lines, options->path, true, "events", error);
    if (status != 0) {
        eve_close(eve);
        return status;
    }
    *out = eve;
    return 0;
}

int eve_start(struct eve *eve, struct error *error)
{
    int status = thread_start(&eve->thread, writer_thread, eve);

    eve->started = status == 0;
    return status == 0 ? 0
                       : error_set(error, status, "cannot start a thread: %s", strerror(-status));
}

int eve_observe(struct eve *eve, const struct flow_table *table, struct burst_observer **observer,
                struct error *error)
{
    if (eve->queues == EVE_QUEUES_MAX)
        return error_set(error, -E2BIG, "--eve: at most %d queues", EVE_QUEUES_MAX);
    int status = eve_flows_new(&eve->flows[eve->queues], table, eve->names.class_count,
                               eve->options.waits, error);
    if (status == 0)
        *observer = &eve->flows[eve->queues++]->observer;
    return status;
}

void eve_post(struct eve *eve, const char *type, json_t *content)
{
    char time[EVE_TIME_SIZE];

    eve_time(time, wall_clock_ns());
    json_t *event =
        json_pack("{s:s, s:s, s:o*}", "timestamp", time, "event_type", type, type, content);
    char *text = event ? json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    size_t length = text ? strlen(text) : 0;
    char *line = text ? realloc(text, length + 2) : NULL;

    json_decref(event);
    if (line) {
        memcpy(line + length, "\n", 2);
        pthread_mutex_lock(&eve->lock);
        bool room = eve->posts < POSTS;
        if (room)
            eve->post[eve->posts++] = line;
        pthread_mutex_unlock(&eve->lock);
        if (room)
            return;
        free(line);
    } else {
        free(text);
    }
    __atomic_fetch_add(&eve->refused_posts, 1, __ATOMIC_RELAXED);
}

void eve_set_model(struct eve *eve, uint32_t checksum)
{
    __atomic_store_n(&eve->names.model, checksum, __ATOMIC_RELAXED);
}

void eve_reopen(struct eve *eve)
{
    __atomic_store_n(&eve->out.reopens, true, __ATOMIC_RELEASE);
}

int eve_check(const struct eve *eve, struct error *error)
{
    int status = line_file_status(&eve->out.lines);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot write events to %s: %s", eve->out.lines.path,
                     strerror(-status));
}

void eve_read(const struct eve *eve, struct eve_totals *totals)
{
    const uint64_t *from = (const uint64_t *)(const void *)&eve->out.totals;
    uint64_t *to = (uint64_t *)(void *)totals;

    for (size_t i = 0; i < sizeof(*totals) / sizeof(*to); i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    totals->lost_posts += __atomic_load_n(&eve->refused_posts, __ATOMIC_RELAXED);
    for (uint32_t queue = 0; queue < eve->queues; queue++) {
        const struct eve_flows *f = eve->flows[queue];

        for (int kind = 0; kind < EVE_KINDS; kind++)
            totals->lost[kind] += __atomic_load_n(&f->lost.events[kind], __ATOMIC_RELAXED);
        totals->unreported_flows += __atomic_load_n(&f->lost.events[EVE_FLOW], __ATOMIC_RELAXED);
        totals->unreported_packets += __atomic_load_n(&f->lost.packets, __ATOMIC_RELAXED);
        totals->unreported_bytes += __atomic_load_n(&f->lost.bytes, __ATOMIC_RELAXED);
        totals->no_flow_packets += __atomic_load_n(&f->packets, __ATOMIC_RELAXED);
        totals->no_flow_bytes += __atomic_load_n(&f->bytes, __ATOMIC_RELAXED);
    }
}

/* A write to a terminal that is held hangs, whatever poll said. */
static void join(struct eve *eve)
{
    for (uint64_t before = UINT64_MAX;;) {
        uint64_t progress = line_file_progress(&eve->out.lines);
        struct timespec end;

        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += (EVE_CLOSE_MS + CANCEL_MS) / 1000 + 1;
        if (pthread_timedjoin_np(eve->thread, NULL, &end) == 0)
            return;
        if (progress == before)
            break;
        before = progress;
    }
    pthread_cancel(eve->thread);
    pthread_join(eve->thread, NULL);
    eve_out_give_up(&eve->out);
    (void)take_all(eve);
}

int eve_end(struct eve *eve, struct error *error)
{
    if (!eve->started || eve->ended)
        return 0;
    eve->ended = true;
    for (uint32_t queue = 0; queue < eve->queues; queue++)
        eve_flows_end(eve->flows[queue], EVE_CLOSE_MS);
    __atomic_store_n(&eve->out.closing, true, __ATOMIC_RELEASE);
    join(eve);
    eve->started = false;
    return eve_check(eve, error);
}

void eve_close(struct eve *eve)
{
    struct error ignored;

    if (!eve)
        return;
    (void)eve_end(eve, &ignored);
    for (uint32_t queue = 0; queue < eve->queues; queue++)
        eve_flows_free(eve->flows[queue]);
    for (uint32_t i = 0; i < eve->posts; i++)
        free(eve->post[i]);
    for (uint32_t i = eve->taken_next; i < eve->taken_count; i++)
        free(eve->taken[i]);
    line_file_close(&eve->out.lines);
    pthread_mutex_destroy(&eve->lock);
    free(eve);
}
