// SPDX-License-Identifier: BSD-2-Clause
/* Counters of one path of packets: one thread writes, any thread reads.
 *
 * Every packet is in exactly one slot, one action and one ending, so that
 * packets = Σ slots = Σ actions = Σ endings + Σ failures. Writing is a relaxed load and store, no
 * read-modify-write: there is one writer. A reader may see a burst half counted; after the writer
 * has stopped, the sums hold. */
#ifndef AFXDP_STATS_H
#define AFXDP_STATS_H

#include "policy.h"

enum ending {
    ENDING_DROPPED,
    ENDING_FORWARDED, /* taken over by the out port */
    ENDING_PASSED,    /* to the host's stack (kernel datapath) */
    ENDING_CONSUMED,  /* released: there is no out port */
    ENDINGS
};

#define ENDING_NAMES                                                                               \
    {                                                                                              \
        "dropped", "forwarded", "passed", "consumed"                                               \
    }

/* Why a packet that should have gone out did not. */
enum failure {
    FAILURE_TX_FULL, /* the out port took no more */
    FAILURES
};

#define FAILURE_NAMES                                                                              \
    {                                                                                              \
        "tx_full"                                                                                  \
    }

/* Nothing but counters (stats_add_snapshot takes them as an array). */
struct stats {
    uint64_t packets;
    uint64_t bytes; /* on the wire */
    uint64_t flows; /* begun, the evicting ones too */
    uint64_t evictions;
    uint64_t slots[SLOTS]; /* see policy.h */
    uint64_t actions[ACTIONS];
    uint64_t endings[ENDINGS];
    uint64_t failures[FAILURES];
} __attribute__((aligned(64)));

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
