// SPDX-License-Identifier: BSD-2-Clause
#include "eve_out.h"

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

bool eve_out_is_open(const struct eve_out *out)
{
    return out->lines.status == 0 && !out->given_up;
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

bool eve_out_flush(struct eve_out *out)
{
    uint64_t since = monotonic_ms();

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

void eve_out_line(struct eve_out *out, const char *line, size_t length,
                  const struct eve_pending *pending)
{
    bool room = line_file_has_room(&out->lines, length) && out->batch_count < EVE_BATCH;

    if (out->tell)
        out->tell(out->context, line, length - 1);
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

void eve_out_give_up(struct eve_out *out)
{
    out->given_up = true;
    end_batch(out);
}
