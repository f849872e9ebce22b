// SPDX-License-Identifier: BSD-2-Clause
#include "cores.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "0-3,8" as in sysfs and on the command line; the cores in order, or -EINVAL. */
static int parse_list(const char *text, int list[CORES_MAX])
{
    int count = 0;

    while (*text && *text != '\n') {
        char *end;
        long first = strtol(text, &end, 10);
        long last = first;

        if (end == text || first < 0)
            return -EINVAL;
        if (*end == '-') {
            text = end + 1;
            last = strtol(text, &end, 10);
            if (end == text)
                return -EINVAL;
        }
        if (last < first || last >= CPU_SETSIZE)
            return -EINVAL;
        for (long core = first; core <= last && count < CORES_MAX; core++)
            list[count++] = (int)core;
        if (*end == ',' && end[1])
            end++;
        else if (*end && *end != '\n')
            return -EINVAL;
        text = end;
    }
    return count;
}

static int read_list(const char *path, int list[CORES_MAX])
{
    char text[1024];
    FILE *file = fopen(path, "re");

    if (!file)
        return 0;
    int count = fgets(text, sizeof(text), file) ? parse_list(text, list) : 0;
    fclose(file);
    return count > 0 ? count : 0;
}

/* The core's hyperthreads, itself included, say which number it has among them: 0 for the first. */
static int thread_number(int core)
{
    char path[96];
    int siblings[CORES_MAX];

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
             core);
    int count = read_list(path, siblings);
    for (int i = 0; i < count; i++)
        if (siblings[i] == core)
            return i;
    return 0;
}

/* Adds to `chosen` those of `list` that are allowed, not there yet, and the n-th of their pair. */
static void take(struct cores *chosen, const int *list, int count, cpu_set_t *allowed, bool first)
{
    for (int i = 0; i < count && chosen->count < CORES_MAX; i++) {
        if (!CPU_ISSET((size_t)list[i], allowed) || (thread_number(list[i]) == 0) != first)
            continue;
        CPU_CLR((size_t)list[i], allowed);
        chosen->core[chosen->count++] = list[i];
    }
}

void cores_choose(struct cores *cores, const char *interface, uint32_t workers)
{
    char path[96];
    int near[CORES_MAX], all[CORES_MAX];
    struct cores found = {0};
    cpu_set_t allowed;

    *cores = (struct cores){.count = workers};
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
        CPU_ZERO(&allowed);
    snprintf(path, sizeof(path), "/sys/class/net/%s/device/local_cpulist", interface);
    int near_count = read_list(path, near);
    int all_count = 0;
    for (int core = 0; core < CPU_SETSIZE && all_count < CORES_MAX; core++)
        if (CPU_ISSET((size_t)core, &allowed))
            all[all_count++] = core;
    take(&found, near, near_count, &allowed, true);
    take(&found, near, near_count, &allowed, false);
    take(&found, all, all_count, &allowed, true);
    take(&found, all, all_count, &allowed, false);
    for (uint32_t i = 0; i < workers; i++)
        cores->core[i] = found.count ? found.core[i % found.count] : -1;
    cores->shared = found.count > 0 && workers > found.count;
}

int cores_parse(struct cores *cores, const char *text, uint32_t workers, struct error *error)
{
    int list[CORES_MAX];
    cpu_set_t allowed;
    int count = parse_list(text, list);

    if (count <= 0)
        return error_set(error, -EINVAL, "--cores %s: should be a list like 2,4-7", text);
    if ((uint32_t)count < workers)
        return error_set(error, -EINVAL, "--cores %s: %d core%s for %u queues", text, count,
                         count == 1 ? "" : "s", workers);
    CPU_ZERO(&allowed);
    (void)sched_getaffinity(0, sizeof(allowed), &allowed);
    *cores = (struct cores){.count = workers};
    for (uint32_t i = 0; i < workers; i++) {
        if (!CPU_ISSET((size_t)list[i], &allowed))
            return error_set(error, -EINVAL, "--cores %s: this process may not use core %d", text,
                             list[i]);
        for (uint32_t j = 0; j < i; j++)
            cores->shared = cores->shared || list[j] == list[i];
        cores->core[i] = list[i];
    }
    return 0;
}
