// SPDX-License-Identifier: BSD-2-Clause
#include "import.h"

/* A run of steps with one value: the share of right answers among those in it. */
struct pool {
    uint64_t right;
    uint64_t count;
    int first; /* step */
};

static uint32_t choose_shift(const uint32_t *margins, size_t count)
{
    for (uint32_t shift = 0; shift < 31; shift++) {
        size_t last = 0;

        for (size_t i = 0; i < count; i++)
            last += margins[i] >> shift >= CONFIDENCE_STEPS - 1;
        if (last * 10 <= count)
            return shift;
    }
    return 31;
}

/* Whether the first pool's share is at least the second's. Both have answers. */
static bool violates(const struct pool *a, const struct pool *b)
{
    return a->right * b->count >= b->right * a->count; /* below 2^20 each */
}

void import_fit_confidence(struct confidence_table *table, const uint32_t *margins,
                           const bool *right, size_t count)
{
    struct pool steps[CONFIDENCE_STEPS] = {0};
    struct pool pools[CONFIDENCE_STEPS];
    int pool_count = 0;

    table->shift = choose_shift(margins, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t step = margins[i] >> table->shift;
        struct pool *pool = &steps[step < CONFIDENCE_STEPS - 1 ? step : CONFIDENCE_STEPS - 1];

        pool->right += right[i];
        pool->count++;
    }
    for (int step = 0; step < CONFIDENCE_STEPS; step++) {
        if (steps[step].count == 0)
            continue;
        steps[step].first = step;
        pools[pool_count++] = steps[step];
        while (pool_count > 1 && violates(&pools[pool_count - 2], &pools[pool_count - 1])) {
            pools[pool_count - 2].right += pools[pool_count - 1].right;
            pools[pool_count - 2].count += pools[pool_count - 1].count;
            pool_count--;
        }
    }
    for (int step = 0, pool = 0; step < CONFIDENCE_STEPS; step++) {
        while (pool + 1 < pool_count && pools[pool + 1].first <= step)
            pool++;
        uint64_t twice = 2 * CONFIDENCE_MAX * pools[pool].right / pools[pool].count;
        table->step[step] = (uint16_t)((twice + 1) / 2);
    }
}
