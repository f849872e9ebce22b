// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "flow_table_memory.h"
#include "kernel.h"

int kernel_flows_open(struct kernel *kernel, struct error *error)
{
    const struct xdp_path *path = kernel->model.path;

    kernel->tables = calloc(path->cpus, sizeof(*kernel->tables));
    if (!kernel->tables)
        return error_set(error, -ENOMEM, "no memory for a look at the flow tables");
    for (uint32_t cpu = 0; cpu < path->cpus; cpu++) {
        struct flow_table *table = &kernel->tables[cpu];

        /* Only for flow_view.h, which writes nothing. */
        table->buckets =
            (struct flow_bucket *)(uintptr_t)(path->flows + (size_t)cpu * path->buckets);
        table->bucket_count = path->buckets;
        table->timeout = path->settings.timeout;
        flow_seed_make(&table->seed, path->settings.seed);
    }
    return 0;
}

const struct flow_table *kernel_flows_table(const struct afxdp_datapath *base, uint32_t cpu)
{
    const struct kernel *kernel = (const struct kernel *)base;

    return kernel->tables && cpu < kernel->model.path->cpus ? &kernel->tables[cpu] : NULL;
}
