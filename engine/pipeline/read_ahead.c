// SPDX-License-Identifier: BSD-2-Clause
#include "read_ahead.h"

#include "monotonic.h"
#include "port.h"

enum { BURSTS = 32, TRIES = 5 };

/* Takes flows at random places through the pipeline's loops. In the last, a flow's address depends
 * on what was read of the one before: the update of a flow takes so long that the next one's reads
 * can't begin meanwhile. */
static void take_burst(struct flow_bucket *buckets, uint32_t bucket_count, bool reads,
                       uint64_t *state)
{
    struct flow_bucket *bucket[BURST_MAX];
    uint32_t way[BURST_MAX];
    uint64_t read = 0;
    uint64_t zero = 0;

    OPAQUE(zero);
    for (uint32_t i = 0; i < BURST_MAX; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        bucket[i] = &buckets[flow_bucket_index(*state >> 32, bucket_count)];
        __builtin_prefetch(bucket[i], 1);
    }
    for (uint32_t i = 0; i < BURST_MAX; i++)
        way[i] = flow_bucket_expect(bucket[i], *state + i, 0, 0) & (FLOW_WAYS - 1);
    for (uint32_t i = 0; reads && i < BURST_MAX; i++)
        read |= flow_bucket_read(bucket[i], way[i]);
    OPAQUE(read);
    for (uint32_t i = 0; i < BURST_MAX; i++)
        read = flow_bucket_read(bucket[i] + (read & zero), way[i]);
    OPAQUE(read);
}

bool read_ahead_pays(struct flow_bucket *buckets, uint32_t bucket_count)
{
    uint64_t least[2] = {UINT64_MAX, UINT64_MAX};
    uint64_t state = 1;

    for (int i = 0; i < 2 * TRIES; i++) { /* in turn: what disturbs one disturbs the other */
        bool reads = i % 2;
        uint64_t start = monotonic_ns();

        for (int b = 0; b < BURSTS; b++)
            take_burst(buckets, bucket_count, reads, &state);
        uint64_t taken = monotonic_ns() - start;
        least[reads] = taken < least[reads] ? taken : least[reads];
    }
    return 4 * least[true] < 3 * least[false];
}
