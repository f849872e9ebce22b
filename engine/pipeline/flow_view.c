// SPDX-License-Identifier: BSD-2-Clause
#include "flow_view.h"

#include <string.h>

enum {
    WORDS = sizeof(struct flow) / sizeof(uint64_t),
    AHEAD = 16, /* buckets: most are empty, and looking at one is waiting for its first line */
};

/* Most buckets of most tables. */
__attribute__((no_sanitize("thread"), noinline)) static bool
is_empty(const struct flow_bucket *bucket)
{
    uint32_t tags = 0;

    for (uint32_t way = 0; way < FLOW_WAYS; way++)
        tags |= __atomic_load_n(&bucket->tag[way], __ATOMIC_RELAXED);
    return tags == 0;
}

/* Word by word, for another thread is writing them with plain stores. A key of two halves doesn't
 * have the hash that its tag was made from, whenever the writer was held up. ThreadSanitizer can't
 * know that. */
__attribute__((no_sanitize("thread"), noinline)) static bool
read_flow(const struct flow_table *table, const struct flow_bucket *bucket, uint32_t way,
          struct flow *flow)
{
    const uint64_t *from = (const uint64_t *)(const void *)&bucket->flow[way];
    uint64_t *to = (uint64_t *)(void *)flow;
    uint32_t tag = __atomic_load_n(&bucket->tag[way], __ATOMIC_ACQUIRE);

    if (tag == 0)
        return false;
    for (int i = 0; i < WORDS; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    return flow->packets != 0 && flow_tag(flow_hash(&table->seed, &flow->key)) == tag;
}

static bool is_over(const struct flow_table *table, const struct flow *flow, uint64_t now)
{
    return now != 0 && now > flow->last && now - flow->last > table->timeout;
}

void flow_view_walk(const struct flow_table *table, uint64_t now,
                    void (*take)(void *context, const struct flow_view *flow), void *context)
{
    struct flow flow;

    for (uint32_t i = 0; i < table->bucket_count; i++) {
        __builtin_prefetch(&table->buckets[(i + AHEAD) & (table->bucket_count - 1)]);
        if (is_empty(&table->buckets[i]))
            continue;
        for (uint32_t way = 0; way < FLOW_WAYS; way++) {
            if (!read_flow(table, &table->buckets[i], way, &flow))
                continue;
            if (is_over(table, &flow, now))
                continue;
            const struct flow_view view = {
                .key = flow.key,
                .initiator_is_low = flow.initiator_is_low,
                .last = flow.last,
                .packets = flow.packets,
                .length_sum = flow.length_sum,
            };
            take(context, &view);
        }
    }
}

uint64_t flow_view_count(const struct flow_table *table, uint64_t now, uint32_t most)
{
    uint32_t step = most == 0 ? 1 : (table->bucket_count + most - 1) / most;
    uint64_t looked = 0;
    uint64_t found = 0;
    struct flow flow;

    for (uint32_t i = 0; i < table->bucket_count; i += step, looked++)
        for (uint32_t way = 0; way < FLOW_WAYS; way++)
            found +=
                read_flow(table, &table->buckets[i], way, &flow) && !is_over(table, &flow, now);
    return looked ? (found * table->bucket_count + looked / 2) / looked : 0;
}
