// SPDX-License-Identifier: BSD-2-Clause
#include "flow_table_memory.h"

#include <errno.h>
#include <stdlib.h>

#include "pages.h"
#include "read_ahead.h"

static uint32_t buckets_for(uint32_t flows)
{
    uint32_t buckets = 1;

    while ((uint64_t)buckets * FLOW_WAYS < flows)
        buckets *= 2;
    return buckets;
}

size_t flow_table_bytes(uint32_t flows)
{
    return pages_round(buckets_for(flows) * sizeof(struct flow_bucket));
}

uint64_t flow_table_places(uint32_t flows)
{
    return (uint64_t)buckets_for(flows) * FLOW_WAYS;
}

int flow_table_new(struct flow_table **out, const struct flow_table_options *options,
                   struct error *error)
{
    if (options->flows < 1 || options->flows > FLOWS_MAX)
        return error_set(error, -EINVAL, "a flow table of %u flows: allowed are 1 to %d",
                         options->flows, FLOWS_MAX);
    if (options->timeout > FLOW_TIMEOUT_MAX)
        return error_set(error, -EINVAL, "a flow timeout of %u seconds: at most %d are allowed",
                         options->timeout, FLOW_TIMEOUT_MAX);

    struct flow_table *table = calloc(1, sizeof(*table));
    if (!table)
        return error_set(error, -ENOMEM, "no memory for a flow table");
    table->bucket_count = buckets_for(options->flows);
    table->timeout = options->timeout * UINT64_C(1000000000);

    size_t size = table->bucket_count * sizeof(struct flow_bucket);
    uint64_t seed;
    int err = table_seed(&seed, options->fixed_seed, options->seed, error);
    if (err)
        goto fail;
    flow_seed_make(&table->seed, seed);
    err = table_memory_map(&table->memory, size, options->ready);
    if (err) {
        error_set(error, err, "no memory for a table of %u flows (%zu MiB): use --flows",
                  options->flows, size >> 20);
        goto fail;
    }
    table->buckets = table->memory.start;
    table->read_ahead = options->ready && read_ahead_pays(table->buckets, table->bucket_count);
    *out = table;
    return 0;
fail:
    free(table);
    return err;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    table_memory_unmap(&table->memory);
    free(table);
}

uint64_t flow_table_capacity(const struct flow_table *table)
{
    return (uint64_t)table->bucket_count * FLOW_WAYS;
}
