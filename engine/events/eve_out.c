// SPDX-License-Identifier: BSD-2-Clause
#include "eve_out.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "monotonic.h"
#include "stats.h"

enum { AGAIN_MS = 1000 };

struct eve_pending eve_pending_of(const struct eve_record *record)
{
    const struct eve_flow *flow = &record->flow;

    return (struct eve_pending){record->kind, flow->packets[0] + flow->packets[1],
                                flow->bytes[0] + flow->bytes[1]};
}

void eve_out_leave_out(struct eve_out *out, const struct eve_pending *line, uint64_t *by_kind)
{
    struct eve_totals *totals = &out->totals;

    if (line->kind == EVE_KINDS) {
        stats_add(&totals->lost_posts, 1);
        return;
    }
    stats_add(&by_kind[line->kind], 1);
    if (line->kind != EVE_FLOW)
        return;
    stats_add(&totals->unreported_flows, 1);
    stats_add(&totals->unreported_packets, line->packets);
    stats_add(&totals->unreported_bytes, line->bytes);
}

void eve_out_delivered(void *context, const struct eve_pending *pending, bool delivered)
{
    struct eve_out *out = context;

    if (delivered) {
        stats_add(&out->totals.written, 1);
        return;
    }
    stats_add(&out->totals.undelivered, 1);
    eve_out_leave_out(out, pending, out->totals.lost);
}

bool eve_out_is_open(const struct eve_out *out)
{
    return (out->sink || out->lines.status == 0) && !out->given_up;
}

/* The buffer is done with: what was in it is out, or counted as lost. */
static void end_batch(struct eve_out *out)
{
    uint64_t written = out->lines.written - out->batch_start;

    for (uint64_t i = written; i < out->batch_count; i++)
        eve_out_leave_out(out, &out->batch[i], out->totals.lost);
    stats_add(&out->totals.written, written);
    out->batch_start = out->lines.written;
    out->batch_count = 0;
    out->lines.length = 0;
}

/* A broker's library has locks of its own, which a cancelled thread would take with it. */
static int hold_cancellation(void)
{
    int before;

    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

static void release_cancellation(int before)
{
    pthread_setcancelstate(before, &before);
}

bool eve_out_flush(struct eve_out *out)
{
    uint64_t since = monotonic_ms();

    if (out->sink) {
        int before = hold_cancellation();

        out->sink->serve(out->sink);
        release_cancellation(before);
        return true;
    }
    while (out->lines.length > 0 && eve_out_is_open(out)) {
        if (line_file_write(&out->lines)) {
            since = monotonic_ms();
            continue;
        }
        if (__atomic_load_n(&out->next_file, __ATOMIC_ACQUIRE) >= 0)
            break;
        out->given_up = __atomic_load_n(&out->closing, __ATOMIC_ACQUIRE) &&
                        monotonic_ms() - since > EVE_CLOSE_MS;
    }
    bool all = out->lines.length == 0;
    end_batch(out);
    return all;
}

/* The line's own community_id, so that a flow's events stay together; those of no flow have none.
 */
static const char *key_of(const char *line, size_t *length)
{
    static const char name[] = "\"community_id\":\"";
    const char *key = strstr(line, name);

    *length = 0;
    if (!key)
        return NULL;
    key += sizeof(name) - 1;
    *length = strcspn(key, "\"");
    return key;
}

static void put(struct eve_out *out, const char *line, size_t length,
                const struct eve_pending *pending)
{
    size_t key_length;
    const char *key = key_of(line, &key_length);

    int before = hold_cancellation();
    stats_add(&out->totals.produced, 1);
    out->sink->put(out->sink, line, length, key, key_length, pending);
    release_cancellation(before);
}

void eve_out_line(struct eve_out *out, const char *line, size_t length,
                  const struct eve_pending *pending)
{
    bool room = line_file_has_room(&out->lines, length) && out->batch_count < EVE_BATCH;

    if (out->tell)
        out->tell(out->context, line, length - 1);
    if (out->sink && !out->given_up) {
        put(out, line, length, pending);
        return;
    }
    if (!out->lines.path) {
        stats_add(&out->totals.written, 1);
        return;
    }
    if (length > LINE_FILE_BUFFER || !eve_out_is_open(out) || (!room && !eve_out_flush(out))) {
        eve_out_leave_out(out, pending, out->totals.lost);
        return;
    }
    memcpy(out->lines.buffer + out->lines.length, line, length);
    out->lines.length += length;
    out->batch[out->batch_count++] = *pending;
}

void eve_out_hand_over(struct eve_out *out, int file)
{
    int before = __atomic_exchange_n(&out->next_file, file, __ATOMIC_ACQ_REL);

    if (before > STDOUT_FILENO)
        close(before);
}

void eve_out_go_on(struct eve_out *out)
{
    if (out->sink)
        return;
    int file = __atomic_exchange_n(&out->next_file, -1, __ATOMIC_ACQ_REL);
    bool gone = out->lines.status != 0 && line_file_is_socket(&out->lines);
    bool due = file < 0 && gone && monotonic_ms() - out->tried > AGAIN_MS;

    if (due)
        file = line_file_open_again(&out->lines);
    if (file >= 0)
        line_file_take(&out->lines, file);
    if (due || !gone)
        out->tried = monotonic_ms();
}

void eve_out_finish(struct eve_out *out)
{
    if (!out->sink)
        return;
    int before = hold_cancellation();
    out->sink->finish(out->sink, EVE_CLOSE_MS);
    release_cancellation(before);
}

void eve_out_give_up(struct eve_out *out)
{
    out->given_up = true;
    end_batch(out);
    if (out->sink)
        out->sink->finish(out->sink, 0);
}
