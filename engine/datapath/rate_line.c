// SPDX-License-Identifier: BSD-2-Clause
#include "rate_line.h"

#include <time.h>

#include "monotonic.h"

void rate_line_init(struct rate_line *line, unsigned interval)
{
    *line = (struct rate_line){.interval = interval, .begun = monotonic_s()};
    line->last = line->begun;
}

bool rate_line_is_due(const struct rate_line *line)
{
    return line->interval > 0 && monotonic_s() - line->last >= line->interval;
}

void rate_line_print(struct rate_line *line, FILE *file, const struct afxdp_totals *totals)
{
    double time = monotonic_s();
    double elapsed = time - line->last;
    uint64_t dropped = totals->dropped + totals->limited;

    fprintf(file,
            "%.0f s: %llu packets, %.0f a second, %.1f Mbit/s; %.0f dropped a second; %.0f flows "
            "begun and %.0f evicted a second\n",
            time - line->begun, (unsigned long long)totals->packets,
            (double)(totals->packets - line->before.packets) / elapsed,
            (double)(totals->bytes - line->before.bytes) * 8e-6 / elapsed,
            (double)(dropped - line->before.dropped - line->before.limited) / elapsed,
            (double)(totals->flows - line->before.flows) / elapsed,
            (double)(totals->evictions - line->before.evictions) / elapsed);
    line->last = time;
    line->before = *totals;
}
