// SPDX-License-Identifier: BSD-2-Clause
#include "eve.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "confine.h"
#include "eve_posts.h"
#include "eve_writer.h"
#include "line_file.h"
#include "monotonic.h"

enum {
    IDLE_LEAST_MS = 1,
    IDLE_MOST_MS = 8, /* in which a worker may tell of two million flows a second */
    CANCEL_MS = 500,  /* beyond EVE_CLOSE_MS, for a write that hangs */
};

struct eve {
    struct eve_options options;
    struct eve_flows *flows[EVE_QUEUES_MAX];
    uint32_t queues;
    struct eve_source source; /* without `pull`: none, but pipelines */
    pthread_t thread;
    bool started;
    bool ended;
    bool source_ended; /* these two: atomic; the writer says it once it is closing, */
    bool told;         /* and is told that nothing else comes */

    struct eve_posts posts;

    struct eve_writer writer;
};

/* One look at everything; whether there was anything. */
static bool take_all(struct eve *eve)
{
    bool any = eve->writer.out.batch_count > 0;
    bool closing = __atomic_load_n(&eve->writer.out.closing, __ATOMIC_ACQUIRE);

    if (eve->source.pull && !eve->source_ended) {
        bool pulled = eve->source.pull(eve->source.context, eve->flows[0]) > 0;

        any = any || pulled;
        if (closing && !pulled)
            __atomic_store_n(&eve->source_ended, true, __ATOMIC_RELEASE);
    }
    day_clock_watch(&eve->writer.names.clock);
    for (uint32_t queue = 0; queue < eve->queues; queue++) {
        struct eve_ring *ring = eve->flows[queue]->ring;
        const struct eve_record *record;

        for (int i = 0; i < EVE_RING_SIZE && (record = eve_ring_peek(ring)); i++, any = true) {
            eve_writer_take(&eve->writer, record);
            eve_ring_next(ring);
        }
    }
    eve_posts_write(&eve->posts, &eve->writer.out);
    return any;
}

static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};

    nanosleep(&pause, NULL);
}

/* Less and less often where nothing comes. */
static void *writer_thread(void *argument)
{
    struct eve *eve = argument;
    long idle_ms = IDLE_LEAST_MS;

    for (;;) {
        bool told = __atomic_load_n(&eve->told, __ATOMIC_ACQUIRE);
        bool any = take_all(eve);

        (void)eve_out_flush(&eve->writer.out);
        eve_out_go_on(&eve->writer.out);
        if (told && !any) {
            eve_out_finish(&eve->writer.out);
            return NULL;
        }
        idle_ms = any ? IDLE_LEAST_MS : idle_ms;
        if (!any) {
            pause_ms(idle_ms);
            idle_ms = 2 * idle_ms > IDLE_MOST_MS ? IDLE_MOST_MS : 2 * idle_ms;
        }
    }
}

static int open_out(struct eve *eve, struct error *error)
{
    const struct eve_sink_options sink = {
        .path = eve->options.path,
        .waits = eve->options.waits,
        .done = eve_out_delivered,
        .context = &eve->writer.out,
    };

    eve->writer.out.lines.path = sink.path;
    if (!sink.path)
        return 0;
    if (eve_sink_is_meant(sink.path))
        return eve_sink_open(&eve->writer.out.sink, &sink, error);
    return line_file_open(&eve->writer.out.lines, sink.path, true, "events", error);
}

int eve_open(struct eve **out, const struct eve_options *options, struct error *error)
{
    struct eve *eve = calloc(1, sizeof(*eve));

    if (!eve)
        return error_set(error, -ENOMEM, "no memory for --eve");
    eve->options = *options;
    eve->writer.out.lines.file = eve->writer.out.next_file = -1;
    eve->writer.out.tell = options->tell;
    eve->writer.out.context = options->context;
    eve_posts_init(&eve->posts);
    eve_names_init(&eve->writer.names, options->policy);
    eve->writer.rate.most = options->rate;
    eve->writer.rate.most_of_host = options->host_rate;
    eve->writer.names.interface = options->interface;
    eve->writer.names.community_seed = options->community_seed;
    eve->writer.names.model = options->model;
    eve->writer.names.thresholds = options->thresholds;
    eve->writer.names.clock.told = options->day_times;
    bool hosts = host_thresholds_any(&options->thresholds);
    if (hosts)
        eve->writer.hosts = eve_hosts_new();
    int status = hosts && !eve->writer.hosts
                     ? error_set(error, -ENOMEM, "no memory for --eve-hosts")
                     : open_out(eve, error);
    if (status != 0) {
        eve_close(eve);
        return status;
    }
    *out = eve;
    return 0;
}

static enum confined what_writes(const struct eve *eve)
{
    if (eve->options.tell)
        return CONFINED_NOT;
    if (eve->writer.out.sink)
        return CONFINED_BROKERS;
    return line_file_is_socket(&eve->writer.out.lines) ? CONFINED_SENDER : CONFINED_WRITER;
}

int eve_start(struct eve *eve, struct error *error)
{
    const struct confine_thread options = {.who = what_writes(eve)};

    tzset(); /* which reads a file that the writer mustn't open */
    int status = confine_start(&eve->thread, &options, writer_thread, eve, error);
    eve->started = status == 0;
    return status;
}

int eve_follow(struct eve *eve, const struct eve_source *source, struct error *error)
{
    const struct eve_flows_options options = {
        .places = source->places,
        .timeout = source->timeout,
        .class_count = eve->writer.names.class_count,
        .tells_flows = eve->options.types & EVE_TYPE_FLOW,
        .tells_verdicts = eve->options.types & EVE_TYPE_VERDICT,
        .thresholds = eve->options.thresholds,
    };
    int status = eve_flows_new(&eve->flows[0], &options, error);

    if (status != 0)
        return status;
    eve->source = *source;
    eve->queues = 1;
    return 0;
}

int eve_observe(struct eve *eve, const struct flow_table *table, struct burst_observer **observer,
                struct error *error)
{
    const struct eve_flows_options options = {
        .table = table,
        .class_count = eve->writer.names.class_count,
        .tells_flows = eve->options.types & EVE_TYPE_FLOW,
        .tells_verdicts = eve->options.types & EVE_TYPE_VERDICT,
        .queue = (uint16_t)eve->queues,
        .waits = eve->options.waits,
        .thresholds = eve->options.thresholds,
    };

    if (eve->queues == EVE_QUEUES_MAX)
        return error_set(error, -E2BIG, "--eve: at most %d queues", EVE_QUEUES_MAX);
    int status = eve_flows_new(&eve->flows[eve->queues], &options, error);
    if (status == 0)
        *observer = &eve->flows[eve->queues++]->observer;
    return status;
}

void eve_post(struct eve *eve, uint64_t time, const char *type, json_t *content)
{
    eve_posts_add(&eve->posts, time, type, content);
}

void eve_set_model(struct eve *eve, uint32_t checksum)
{
    __atomic_store_n(&eve->writer.names.model, checksum, __ATOMIC_RELAXED);
}

int eve_reopen(struct eve *eve, struct error *error)
{
    if (eve->writer.out.sink || !eve->writer.out.lines.path)
        return 0;
    int file = line_file_open_again(&eve->writer.out.lines);
    if (file < 0)
        return error_set(error, file, "cannot write events to %s: %s; the former file stays",
                         eve->writer.out.lines.path, strerror(-file));
    eve_out_hand_over(&eve->writer.out, file);
    return 0;
}

int eve_check(const struct eve *eve, struct error *error)
{
    const struct eve_sink *sink = eve->writer.out.sink;
    const char *fault = sink ? __atomic_load_n(&sink->fault, __ATOMIC_ACQUIRE) : NULL;
    int status = fault ? -EIO : line_file_status(&eve->writer.out.lines);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot write events to %.200s: %s", eve->writer.out.lines.path,
                     fault ? fault : strerror(-status));
}

void eve_read(const struct eve *eve, struct eve_totals *totals)
{
    const uint64_t *from = (const uint64_t *)(const void *)&eve->writer.out.totals;
    uint64_t *to = (uint64_t *)(void *)totals;

    for (size_t i = 0; i < sizeof(*totals) / sizeof(*to); i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    totals->lost_posts += __atomic_load_n(&eve->posts.refused, __ATOMIC_RELAXED);
    if (eve->source.lost) {
        uint64_t packets, bytes;

        eve->source.lost(eve->source.context, &packets, &bytes);
        totals->unreported_packets += packets;
        totals->unreported_bytes += bytes;
    }
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

/* What the writer has done, to see whether it still does something. */
static uint64_t progress_of(const struct eve *eve)
{
    uint64_t progress = line_file_progress(&eve->writer.out.lines);

    if (eve->writer.out.sink)
        progress += __atomic_load_n(&eve->writer.out.sink->progress, __ATOMIC_RELAXED);
    for (uint32_t queue = 0; queue < eve->queues; queue++)
        progress += __atomic_load_n(&eve->flows[queue]->ring->read, __ATOMIC_RELAXED);
    return progress;
}

static bool is_hanging(const struct eve *eve, uint64_t *progress, uint64_t *since)
{
    uint64_t now = monotonic_ms();
    uint64_t made = progress_of(eve);

    if (made != *progress || *since == 0) {
        *progress = made;
        *since = now;
    }
    return now - *since > EVE_CLOSE_MS + CANCEL_MS;
}

/* The source's last packets; false: the writer hangs. */
static bool wait_for_source(const struct eve *eve)
{
    uint64_t progress = 0, since = 0;

    while (eve->source.pull && !__atomic_load_n(&eve->source_ended, __ATOMIC_ACQUIRE)) {
        if (is_hanging(eve, &progress, &since))
            return false;
        pause_ms(IDLE_LEAST_MS);
    }
    return true;
}

/* A write to a terminal that is held hangs, whatever poll said. */
static bool join(struct eve *eve)
{
    uint64_t progress = 0, since = 0;

    while (!is_hanging(eve, &progress, &since)) {
        struct timespec end;

        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec++;
        if (pthread_timedjoin_np(eve->thread, NULL, &end) == 0)
            return true;
    }
    return false;
}

static void stop_writer(struct eve *eve)
{
    pthread_cancel(eve->thread);
    pthread_join(eve->thread, NULL);
    eve_out_give_up(&eve->writer.out);
}

static void end_flows(struct eve *eve)
{
    for (uint32_t queue = 0; queue < eve->queues; queue++)
        eve_flows_end(eve->flows[queue], EVE_CLOSE_MS);
}

int eve_end(struct eve *eve, struct error *error)
{
    if (!eve->started || eve->ended)
        return 0;
    eve->ended = true;
    __atomic_store_n(&eve->writer.out.closing, true, __ATOMIC_RELEASE);
    bool hangs = !wait_for_source(eve);
    if (hangs) {
        stop_writer(eve);
        while (take_all(eve)) {
        }
    }
    end_flows(eve);
    __atomic_store_n(&eve->told, true, __ATOMIC_RELEASE);
    if (!hangs && !join(eve)) {
        stop_writer(eve);
        hangs = true;
    }
    while (hangs && take_all(eve)) {
    }
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
    eve_out_hand_over(&eve->writer.out, -1);
    line_file_close(&eve->writer.out.lines);
    if (eve->writer.out.sink)
        eve->writer.out.sink->close(eve->writer.out.sink);
    eve_posts_destroy(&eve->posts);
    eve_hosts_free(eve->writer.hosts);
    free(eve);
}
