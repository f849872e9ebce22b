// SPDX-License-Identifier: BSD-2-Clause
#include "eve_writer.h"

/* Whether it is told of, or on its way. */
static bool write_event(struct eve_writer *w, const struct eve_record *record)
{
    const struct eve_pending pending = eve_pending_of(record);
    struct eve_out *out = &w->out;
    char line[EVE_LINE_MAX];

    if (!eve_out_is_open(out)) {
        eve_out_leave_out(out, &pending, out->totals.lost);
        return false;
    }
    if (!eve_rate_allows(&w->rate, record)) {
        eve_out_leave_out(out, &pending, out->totals.left_out);
        return false;
    }
    eve_out_line(out, line, eve_text(&w->names, line, record), &pending);
    return true;
}

struct host_end {
    struct eve_writer *writer;
    uint64_t time;
};

static void write_host_end(void *context, const struct eve_record *begun)
{
    const struct host_end *ending = context;
    struct eve_record record = *begun;

    record.host.since = begun->time;
    record.time = ending->time;
    record.host.ended = true;
    (void)write_event(ending->writer, &record);
}

/* One that couldn't be told of is tried again when a worker next sees it there. */
static void write_host(struct eve_writer *w, const struct eve_record *record)
{
    if (record->host.feature == HOST_FEATURES) {
        struct host_end ending = {w, record->time};

        eve_hosts_begin(w->hosts, record->host.window, write_host_end, &ending);
        return;
    }
    enum eve_hosts_answer answer = eve_hosts_ask(w->hosts, record);
    if (answer == EVE_HOSTS_NEW && write_event(w, record))
        eve_hosts_keep(w->hosts, record);
    if (answer == EVE_HOSTS_FULL) {
        const struct eve_pending pending = eve_pending_of(record);

        eve_out_leave_out(&w->out, &pending, w->out.totals.lost);
    }
}

void eve_writer_take(struct eve_writer *w, const struct eve_record *record)
{
    if (record->kind == EVE_HOST)
        write_host(w, record);
    else
        (void)write_event(w, record);
}
