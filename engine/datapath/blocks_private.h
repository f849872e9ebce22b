// SPDX-License-Identifier: BSD-2-Clause
/* What the parts of blocks.h share. */
#ifndef AFXDP_BLOCKS_PRIVATE_H
#define AFXDP_BLOCKS_PRIVATE_H

#include <pthread.h>

#include "block_table.h"
#include "blocks.h"

#define SECOND_NS UINT64_C(1000000000)

enum {
    OWN_MOST = 256,
    REACTIONS = 4096, /* the last ones */
    EVENTS_MOST = 8192,
};

/* Written with the lock held, read by any thread. */
struct blocks_counters {
    uint64_t now, begun, extended, ended, evicted, removed, refused, failed, untold;
};

struct blocks {
    struct blocks_options options;
    pthread_mutex_t lock; /* of the map, the table, `counters`, the events, `allowed`, `own` */
    struct blocked map;
    struct block_table *table;
    struct proofs *proofs;
    struct accuser *accuser;  /* one for each worker */
    struct ring_buffer *told; /* of offences, by programs; NULL: none tell */
    uint32_t heard;           /* of them in this round */
    struct blocks_counters counters;
    uint32_t reaction[REACTIONS]; /* µs, from a packet's arrival to the map */
    uint64_t reactions;
    struct block_event event[EVENTS_MOST];
    uint64_t happened, taken; /* events */
    union prefix_element *allowed;
    struct prefix_address own[OWN_MOST];
    uint32_t own_count;
    uint64_t own_read; /* when last */
    pthread_t thread;
    bool runs;
    bool stop;
};

/* Blocks a source until then, whether it is already or not; with the lock held. False: it must not
 * be, or the kernel has refused it, and that is counted. */
bool blocks_begin(struct blocks *blocks, const struct block_key *source, uint64_t now,
                  uint64_t until);

/* Keeps what has happened for blocks_take_events; with the lock held. */
void blocks_note(struct blocks *blocks, const struct block_key *source, enum block_change change,
                 uint64_t ns);

#endif
