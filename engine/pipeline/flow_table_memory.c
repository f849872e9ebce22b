// SPDX-License-Identifier: BSD-2-Clause
#include "flow_table_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum { SMALL_PAGE = 4 << 10, HUGE_PAGE = 2 << 20 };

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) / unit * unit;
}

/* Every packet touches a bucket at random: with small pages nearly each one is a TLB miss. Reserved
 * huge pages are taken where there are some, else the kernel is asked to make transparent ones. */
static void *map_ready(size_t size, enum flow_pages *pages)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB | MAP_POPULATE, -1, 0);

    *pages = FLOW_PAGES_HUGE;
    if (memory != MAP_FAILED)
        return memory;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED)
        return memory;
    *pages = madvise(memory, size, MADV_HUGEPAGE) == 0 ? FLOW_PAGES_TRANSPARENT : FLOW_PAGES_SMALL;
    for (size_t at = 0; at < size; at += SMALL_PAGE) /* MADV_POPULATE_WRITE needs kernel 5.14 */
        ((volatile uint8_t *)memory)[at] = 0;
    return memory;
}

static void *map_lazily(size_t size, enum flow_pages *pages)
{
    *pages = FLOW_PAGES_SMALL;
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0);
}

static int make_seed(struct flow_seed *seed, const struct flow_table_options *options)
{
    uint64_t value = options->seed;

    if (!options->fixed_seed && getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value))
        return errno ? -errno : -EIO;
    flow_seed_make(seed, value);
    return 0;
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
    table->bucket_count = 1;
    while ((uint64_t)table->bucket_count * FLOW_WAYS < options->flows)
        table->bucket_count *= 2;
    table->timeout = options->timeout * UINT64_C(1000000000);
    table->size = round_up(table->bucket_count * sizeof(struct flow_bucket), HUGE_PAGE);

    int err = make_seed(&table->seed, options);
    if (err) {
        error_set(error, err, "no random seed for the flow table: %s", strerror(-err));
        goto fail;
    }
    void *memory = (options->ready ? map_ready : map_lazily)(table->size, &table->pages);
    if (memory == MAP_FAILED) {
        err = error_set(error, -ENOMEM, "no memory for a table of %u flows (%zu MiB): use --flows",
                        options->flows, table->size >> 20);
        goto fail;
    }
    table->buckets = memory;
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
    munmap(table->buckets, table->size);
    free(table);
}

uint64_t flow_table_capacity(const struct flow_table *table)
{
    return (uint64_t)table->bucket_count * FLOW_WAYS;
}
