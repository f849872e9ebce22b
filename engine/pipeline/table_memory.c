// SPDX-License-Identifier: BSD-2-Clause
#include "table_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

static void *map_lazily(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

int table_memory_map(struct table_memory *memory, size_t size, bool ready)
{
    enum pages pages = PAGES_ORDINARY;

    memory->size = pages_round(size);
    void *start = ready ? pages_map(&memory->size, NULL, -1, &pages) : map_lazily(memory->size);
    if (!start)
        return -ENOMEM;
    memory->start = start;
    memory->pages = pages;
    return 0;
}

void table_memory_unmap(struct table_memory *memory)
{
    if (memory->start)
        munmap(memory->start, memory->size);
    memory->start = NULL;
}

int table_seed(uint64_t *seed, bool fixed, uint64_t given, struct error *error)
{
    *seed = given;
    if (fixed || getrandom(seed, sizeof(*seed), 0) == (ssize_t)sizeof(*seed))
        return 0;
    int err = errno ? -errno : -EIO;
    return error_set(error, err, "no random seed for a table: %s", strerror(-err));
}
