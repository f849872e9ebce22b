// SPDX-License-Identifier: BSD-2-Clause
/* The counters of one route of packets (counters.h): one thread writes, any thread reads.
 *
 * Writing is a relaxed load and store, no read-modify-write: there is one writer. A reader may see
 * a burst half counted; after the writer has stopped, the sums hold. */
#ifndef AFXDP_STATS_H
#define AFXDP_STATS_H

#include "counters.h"

/* The writer's side. */
ALWAYS_INLINE void stats_add(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + value, __ATOMIC_RELAXED);
}

/* The readers' side: adds what `stats` holds now to `total`, which is the reader's own. */
void stats_add_snapshot(struct stats *total, const struct stats *stats);

/* Sum of the failures. */
uint64_t stats_failed(const struct stats *stats);

/* Whether packets = Σ slots = Σ actions = Σ endings + Σ failures; for a writer at rest. */
bool stats_add_up(const struct stats *stats);

#endif
