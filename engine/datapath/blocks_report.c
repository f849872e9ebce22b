// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "blocks_private.h"
#include "report_value.h"

static int compare(const void *a, const void *b)
{
    const uint32_t *one = a, *other = b;

    return *one < *other ? -1 : *one > *other;
}

/* Median, 99th percentile and the longest of the last ones, µs. */
static json_t *reactions_json(const struct blocks *b)
{
    uint64_t count = __atomic_load_n(&b->reactions, __ATOMIC_ACQUIRE);
    uint32_t copy[REACTIONS];
    json_t *object = json_object();

    count = count < REACTIONS ? count : REACTIONS;
    for (uint64_t i = 0; i < count; i++)
        copy[i] = __atomic_load_n(&b->reaction[i], __ATOMIC_RELAXED);
    qsort(copy, count, sizeof(*copy), compare);
    report_number(object, "median", count ? copy[count / 2] : 0);
    report_number(object, "p99", count ? copy[count * 99 / 100] : 0);
    report_number(object, "most", count ? copy[count - 1] : 0);
    return object;
}

json_t *blocks_report(const struct blocks *b, const struct blocks_seen *seen)
{
    struct blocks_counters c;
    uint64_t lost = seen->lost, unproven = seen->unproven;
    json_t *object = json_object();

    for (size_t i = 0; i < sizeof(c) / sizeof(uint64_t); i++)
        ((uint64_t *)&c)[i] =
            __atomic_load_n(&((const uint64_t *)&b->counters)[i], __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < b->options.workers; i++) {
        lost += __atomic_load_n(&b->accuser[i].ring->lost, __ATOMIC_RELAXED);
        unproven += __atomic_load_n(&b->accuser[i].unproven, __ATOMIC_RELAXED);
    }
    report_number(object, "now", c.now);
    report_number(object, "begun", c.begun);
    report_number(object, "extended", c.extended);
    report_number(object, "ended", c.ended);
    report_number(object, "evicted", c.evicted);
    report_number(object, "removed", c.removed);
    report_number(object, "refused", c.refused);
    report_number(object, "failed", c.failed);
    report_number(object, "unproven", unproven);
    report_number(object, "lost", lost);
    report_number(object, "untold", c.untold);
    report_put(object, "reaction_us", reactions_json(b));
    return object;
}
