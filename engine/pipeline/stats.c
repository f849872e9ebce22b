// SPDX-License-Identifier: BSD-2-Clause
#include "stats.h"

#include <stddef.h>

void stats_add_snapshot(struct stats *total, const struct stats *stats)
{
    const uint64_t *from = (const uint64_t *)stats;
    uint64_t *to = (uint64_t *)total;

    for (size_t i = 0; i < sizeof(*stats) / sizeof(*from); i++)
        to[i] += __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

static uint64_t sum(const uint64_t *counters, size_t count)
{
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        total += counters[i];
    return total;
}

uint64_t stats_failed(const struct stats *stats)
{
    return sum(stats->failures, FAILURES);
}

bool stats_add_up(const struct stats *stats)
{
    return sum(stats->slots, SLOTS) == stats->packets &&
           sum(stats->actions, ACTIONS) == stats->packets &&
           sum(stats->endings, ENDINGS) + stats_failed(stats) == stats->packets;
}
