// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "path_private.h"

/* Adds up; the element's CPU may be counting meanwhile. */
static void add_each(void *to, const void *from, size_t size)
{
    for (size_t i = 0; i < size / sizeof(uint64_t); i++)
        ((uint64_t *)to)[i] += __atomic_load_n(&((const uint64_t *)from)[i], __ATOMIC_RELAXED);
}

static void add(struct path_counters *counters, const struct path_cpu *cpu)
{
    add_each(&counters->stats, &cpu->stats, sizeof(cpu->stats));
    add_each(&counters->left, &cpu->left, sizeof(cpu->left));
    add_each(&counters->acts, &cpu->acts, sizeof(cpu->acts));
    counters->unrecorded += __atomic_load_n(&cpu->unrecorded, __ATOMIC_RELAXED);
    counters->unrecorded_bytes += __atomic_load_n(&cpu->unrecorded_bytes, __ATOMIC_RELAXED);
}

void path_totals(const struct xdp_path *path, struct path_counters *counters)
{
    memset(counters, 0, sizeof(*counters));
    for (uint32_t i = 0; i < path_elements(path->cpus, &path->settings); i++)
        add(counters, &path->cpu[i]);
}

uint32_t path_queues(const struct xdp_path *path)
{
    return path->settings.options.queues > 1 ? path->settings.options.queues : 1;
}

void path_queue_counters(const struct xdp_path *path, uint32_t port, uint32_t queue,
                         struct path_counters *counters)
{
    uint32_t of_cpu = path_elements(1, &path->settings);
    uint32_t place = port * path_queues(path) + queue;

    memset(counters, 0, sizeof(*counters));
    for (uint32_t i = 0; i < path->cpus; i++)
        add(counters, &path->cpu[i * of_cpu + place]);
}
