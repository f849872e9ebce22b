// SPDX-License-Identifier: BSD-2-Clause
/* From the engine's counters to the sums of the public header. */
#ifndef AFXDP_TOTALS_H
#define AFXDP_TOTALS_H

#include "afxdp_engine.h"
#include "stats.h"

static inline void totals_of(const struct stats *stats, struct afxdp_totals *totals)
{
    *totals = (struct afxdp_totals){
        .packets = stats->packets,
        .bytes = stats->bytes,
        .flows = stats->flows,
        .evictions = stats->evictions,
        .dropped = stats->endings[ENDING_DROPPED],
        .limited = stats->endings[ENDING_LIMITED],
        .forwarded = stats->endings[ENDING_FORWARDED],
        .passed = stats->endings[ENDING_PASSED],
        .consumed = stats->endings[ENDING_CONSUMED],
        .failed = stats_failed(stats),
    };
}

#endif
