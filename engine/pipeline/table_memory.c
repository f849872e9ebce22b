// SPDX-License-Identifier: BSD-2-Clause
#include "table_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

enum { SMALL_PAGE = 4 << 10, HUGE_PAGE = 2 << 20 };

/* Every packet touches a table at random: with small pages nearly each one is a TLB miss. Reserved
 * huge pages are taken where there are some, else the kernel is asked to make transparent ones. */
static void *map_ready(size_t size)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_HUGETLB | MAP_POPULATE, -1, 0);

    if (memory != MAP_FAILED)
        return memory;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory == MAP_FAILED)
        return memory;
    (void)madvise(memory, size, MADV_HUGEPAGE);
    for (size_t at = 0; at < size; at += SMALL_PAGE) /* MADV_POPULATE_WRITE needs kernel 5.14 */
        ((volatile uint8_t *)memory)[at] = 0;
    return memory;
}

static void *map_lazily(size_t size)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0);
}

int table_memory_map(struct table_memory *memory, size_t size, bool ready)
{
    memory->size = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    void *start = (ready ? map_ready : map_lazily)(memory->size);

    if (start == MAP_FAILED)
        return -ENOMEM;
    memory->start = start;
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
