// SPDX-License-Identifier: BSD-2-Clause
/* Who is blocked until when, and who is about to be: bounded, exact, one thread. Time is ns of
 * CLOCK_MONOTONIC.
 *
 * A source is blocked by its `after`-th offence within OFFENCE_WINDOW_NS. When the table is full
 * the block gives way that was begun or extended least recently. */
#ifndef AFXDP_BLOCK_TABLE_H
#define AFXDP_BLOCK_TABLE_H

#include "block_key.h"

#define OFFENCE_WINDOW_NS UINT64_C(10000000000)

enum {
    BLOCKS_MAX = 1 << 21,
    SUSPECTS_SIZE = 1 << 16, /* sources whose offences are counted, and a bit less: of too many that
                              * fall together one gives way */
};

struct block_table;

/* free: block_table_free. -ENOMEM. */
int block_table_new(struct block_table **out, uint32_t most, uint32_t after);
void block_table_free(struct block_table *table); /* takes NULL */

uint32_t block_table_count(const struct block_table *table);

enum block_verdict {
    BLOCK_NOT_YET,
    BLOCK_BEGIN,    /* it is time: block_table_add */
    BLOCK_EXTENDED, /* it is blocked, and now for longer */
};

/* Counts an offence that asks for a block of `ns`. */
enum block_verdict block_table_offence(struct block_table *table, const struct block_key *source,
                                       uint64_t now, uint64_t ns);

/* Blocks a source that isn't; whether another one had to give way, `*evicted`. */
bool block_table_add(struct block_table *table, const struct block_key *source, uint64_t until,
                     struct block_key *evicted);

/* Looks on through the table, `most` places: the next block that has ended is taken out. Whether
 * there was one. Goes round and round. */
bool block_table_expire(struct block_table *table, uint64_t now, uint32_t *most,
                        struct block_key *ended);

/* Whoever is at a place, 0 to block_table_places - 1, which a block keeps as long as it lasts;
 * false: nobody. */
uint32_t block_table_places(const struct block_table *table);
bool block_table_at(const struct block_table *table, uint32_t place, struct block_key *source,
                    uint64_t *until);

/* Whether a source is blocked. */
bool block_table_has(const struct block_table *table, const struct block_key *source);

/* Takes a block out; whether there was one. */
bool block_table_remove(struct block_table *table, const struct block_key *source);

#endif
