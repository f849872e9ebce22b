// SPDX-License-Identifier: BSD-2-Clause
#include "packet_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "confine.h"
#include "verdict_row.h"

enum {
    IDLE_MS = 2,
    TURN = 256,      /* packets of a worker, then of the next */
    CLOSE_MS = 2000, /* without progress */
    CANCEL_S = 3,    /* likewise, for a write that hangs */
};

struct packet_writer {
    struct packet_writer_options options;
    struct packet_files *files;
    struct packet_rule rule;
    struct verdict_rows names; /* of classes, and the clock */
    struct packet_tap *tap[PACKET_WRITER_QUEUES_MAX];
    uint32_t taps;
    pthread_t thread;
    bool started;
    bool closing;    /* atomic, as all from here on */
    bool ended;      /* nothing is on its way any more */
    uint64_t pulled; /* progress */
    uint64_t beyond;
};

static void say(const struct packet_writer *writer, const struct packet_record *record,
                char comment[PCAPNG_TEXT_MAX])
{
    const char *name = writer->names.name[record->slot];
    char confidence[24] = "", flow[40] = "";

    if (record->classified && writer->names.classified)
        snprintf(confidence, sizeof(confidence), " confidence=%u", record->confidence);
    if (record->classified)
        snprintf(flow, sizeof(flow), " flow_id=%" PRIu64, record->flow_id);
    snprintf(comment, PCAPNG_TEXT_MAX, "class=%s%s action=%s%s", name, confidence,
             action_name(record->action), flow);
}

/* False: what is there has to be written first. */
static bool write_record(struct packet_writer *writer, const struct packet_record *record)
{
    char comment[PCAPNG_TEXT_MAX];
    struct pcapng_packet packet = {
        .time = record->time + writer->names.clock.offset,
        .captured = record->captured,
        .wire_length = record->wire_length,
        .data = record->data,
        .comment = comment,
    };

    if (packet_files_status(writer->files) != 0)
        return true;
    say(writer, record, comment);
    switch (
        packet_files_add(writer->files, &packet, record->interface, (enum link_type)record->link)) {
    case PACKET_FLUSH_FIRST:
        return false;
    case PACKET_BEYOND:
        stats_add(&writer->beyond, 1);
        return true;
    default:
        return true;
    }
}

/* One look at each ring; whether there was anything. */
static bool take_all(struct packet_writer *writer)
{
    uint64_t before = writer->pulled;

    day_clock_watch(&writer->names.clock);
    for (uint32_t i = 0; i < writer->taps; i++) {
        struct packet_ring *ring = writer->tap[i]->ring;
        const struct packet_record *record;

        for (int taken = 0; taken < TURN && (record = packet_ring_peek(ring)); taken++) {
            if (!write_record(writer, record))
                return true;
            packet_ring_next(ring, record);
            stats_add(&writer->pulled, 1);
        }
    }
    return writer->pulled != before;
}

static void *writer_thread(void *argument)
{
    const struct timespec pause = {.tv_nsec = IDLE_MS * 1000000};
    struct packet_writer *writer = argument;
    uint64_t since = 0; /* nothing moves */

    for (;;) {
        bool closing = __atomic_load_n(&writer->closing, __ATOMIC_ACQUIRE);
        bool any = take_all(writer);
        bool more = packet_files_have_more(writer->files);
        bool moved = packet_files_flush(writer->files);

        if (closing && !any && !more)
            return NULL;
        if (moved || !closing)
            since = 0;
        else if (since == 0)
            since = monotonic_ms();
        else if (monotonic_ms() - since > CLOSE_MS)
            return NULL;
        if (!any && !more)
            nanosleep(&pause, NULL);
    }
}

int packet_writer_open(struct packet_writer **out, const struct packet_writer_options *options,
                       struct error *error)
{
    struct packet_writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return error_set(error, -ENOMEM, "no memory for --write");
    writer->options = *options;
    verdict_rows_init(&writer->names, options->policy, options->classified, options->day_times);
    int status = packet_rule_parse(&writer->rule, options->rule, options->policy, error);
    if (status == 0)
        status = packet_files_open(&writer->files, &options->files, error);
    if (status != 0) {
        packet_writer_close(writer);
        return status;
    }
    *out = writer;
    return 0;
}

int packet_writer_observe(struct packet_writer *writer, const struct flow_table *table,
                          struct burst_observer **observer, struct error *error)
{
    const struct packet_tap_options options = {
        .table = table,
        .rule = &writer->rule,
        .snaplen = writer->options.files.snaplen,
        .waits = writer->options.waits,
    };

    if (writer->taps == PACKET_WRITER_QUEUES_MAX)
        return error_set(error, -E2BIG, "--write: at most %d queues", PACKET_WRITER_QUEUES_MAX);
    int status = packet_tap_new(&writer->tap[writer->taps], &options, error);
    if (status == 0)
        *observer = &writer->tap[writer->taps++]->observer;
    return status;
}

int packet_writer_start(struct packet_writer *writer, struct error *error)
{
    const struct confine_thread options = {.who = CONFINED_PACKETS};
    int status = confine_start(&writer->thread, &options, writer_thread, writer, error);

    writer->started = status == 0;
    return status;
}

int packet_writer_check(const struct packet_writer *writer, struct error *error)
{
    int status = packet_files_status(writer->files);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot write packets to %s: %s", writer->options.files.path,
                     strerror(-status));
}

void packet_writer_read(const struct packet_writer *writer, struct packet_writer_totals *totals)
{
    bool settled = __atomic_load_n(&writer->ended, __ATOMIC_ACQUIRE);

    *totals = (struct packet_writer_totals){
        .written = packet_files_written(writer->files),
        .beyond = __atomic_load_n(&writer->beyond, __ATOMIC_RELAXED),
    };
    for (uint32_t i = 0; i < writer->taps; i++) {
        totals->matched += __atomic_load_n(&writer->tap[i]->matched, __ATOMIC_RELAXED);
        totals->lost += __atomic_load_n(&writer->tap[i]->lost, __ATOMIC_RELAXED);
    }
    if (settled)
        totals->lost = totals->matched - totals->written - totals->beyond;
}

static bool join(struct packet_writer *writer)
{
    uint64_t progress;

    do {
        struct timespec end;

        progress = __atomic_load_n(&writer->pulled, __ATOMIC_RELAXED) +
                   packet_files_written(writer->files);
        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += CANCEL_S;
        if (pthread_timedjoin_np(writer->thread, NULL, &end) == 0)
            return true;
    } while (progress != __atomic_load_n(&writer->pulled, __ATOMIC_RELAXED) +
                             packet_files_written(writer->files));
    return false;
}

int packet_writer_end(struct packet_writer *writer, struct error *error)
{
    if (!writer->started)
        return 0;
    writer->started = false;
    __atomic_store_n(&writer->closing, true, __ATOMIC_RELEASE);
    if (!join(writer)) {
        pthread_cancel(writer->thread);
        pthread_join(writer->thread, NULL);
    }
    __atomic_store_n(&writer->ended, true, __ATOMIC_RELEASE);
    return packet_writer_check(writer, error);
}

void packet_writer_close(struct packet_writer *writer)
{
    struct error ignored;

    if (!writer)
        return;
    (void)packet_writer_end(writer, &ignored);
    for (uint32_t i = 0; i < writer->taps; i++)
        packet_tap_free(writer->tap[i]);
    packet_files_close(writer->files);
    free(writer);
}
