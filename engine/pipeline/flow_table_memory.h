// SPDX-License-Identifier: BSD-2-Clause
/* The user-space flow table: the buckets of flow_table.h in anonymous memory.
 *
 * A table belongs to one thread. It takes no memory after it was made and never fails: a full
 * bucket evicts its oldest flow. */
#ifndef AFXDP_FLOW_TABLE_MEMORY_H
#define AFXDP_FLOW_TABLE_MEMORY_H

#include "flow_table.h"
#include "table_memory.h"

enum {
    FLOWS_DEFAULT = 1 << 20,
    FLOWS_MAX = 1 << 27, /* 18 GB */
    FLOW_TIMEOUT_DEFAULT = 120,
    FLOW_TIMEOUT_MAX = 1000000000, /* seconds; in nanoseconds it fits in 64 bits */
};

struct flow_table {
    struct flow_bucket *buckets;
    uint32_t bucket_count; /* a power of two */
    uint64_t timeout;      /* ns */
    struct flow_seed seed;
    struct table_memory memory;
    bool read_ahead; /* see read_ahead.h; measured where all memory is ready, else not done */
};

struct flow_table_options {
    uint32_t flows;   /* capacity, 1..FLOWS_MAX; rounded up to a power of two of buckets */
    uint32_t timeout; /* seconds, 0..FLOW_TIMEOUT_MAX */
    bool ready;       /* all memory is there before the first packet, in huge pages where possible;
                       * else small pages as flows come: a short capture shouldn't pay for all */
    bool fixed_seed;  /* else the seed is random: nobody can choose flows that share a bucket */
    uint64_t seed;
};

#define FLOW_TABLE_OPTIONS_DEFAULT                                                                 \
    {                                                                                              \
        .flows = FLOWS_DEFAULT, .timeout = FLOW_TIMEOUT_DEFAULT                                    \
    }

/* Maps and empties a table. -EINVAL for options out of range, -ENOMEM. */
int flow_table_new(struct flow_table **out, const struct flow_table_options *options,
                   struct error *error);

void flow_table_free(struct flow_table *table); /* takes NULL */

/* What the table of so many flows takes, in bytes, and how many fit into it. */
size_t flow_table_bytes(uint32_t flows);
uint64_t flow_table_places(uint32_t flows);

/* Flows that fit, eight to a bucket. */
uint64_t flow_table_capacity(const struct flow_table *table);

/* The bucket that a hash belongs to. */
ALWAYS_INLINE struct flow_bucket *flow_table_bucket(const struct flow_table *table, uint64_t hash)
{
    return &table->buckets[flow_bucket_index(hash, table->bucket_count)];
}

#endif
