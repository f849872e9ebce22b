// SPDX-License-Identifier: BSD-2-Clause
/* What has happened to blocks, kept until another thread tells it: the one that blocks formats
 * nothing. */
#include "blocks_private.h"
#include "day_clock.h"
#include "stats.h"

void blocks_note(struct blocks *b, const struct block_key *source, enum block_change change,
                 uint64_t ns)
{
    if (!b->options.events)
        return;
    if (b->happened - b->taken == EVENTS_MOST) {
        stats_add(&b->counters.untold, 1);
        return;
    }
    b->event[b->happened++ % EVENTS_MOST] = (struct block_event){
        .source = *source,
        .time = day_clock_now(),
        .seconds = (uint32_t)(ns / SECOND_NS),
        .change = change,
    };
}

uint32_t blocks_take_events(struct blocks *b, struct block_event events[BLOCKS_PAGE])
{
    uint32_t count = 0;

    pthread_mutex_lock(&b->lock);
    while (count < BLOCKS_PAGE && b->taken != b->happened)
        events[count++] = b->event[b->taken++ % EVENTS_MOST];
    pthread_mutex_unlock(&b->lock);
    return count;
}
