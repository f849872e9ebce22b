// SPDX-License-Identifier: BSD-2-Clause
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* For kernels before 5.14. The kernel writes: where there is no page for it, it says so. */
static int write_zeros(uint8_t *memory, size_t size)
{
    int zeros = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    ssize_t written = zeros < 0 ? -1 : 1;

    for (size_t at = 0; written > 0 && at < size; at += (size_t)written)
        written = read(zeros, memory + at, size - at);
    int err = written > 0 ? 0 : errno ? -errno : -EFAULT;
    if (zeros >= 0)
        close(zeros);
    return err;
}

int pages_populate(void *memory, size_t size)
{
    if (madvise(memory, size, MADV_POPULATE_WRITE) == 0)
        return 0;
    return errno == EINVAL ? write_zeros(memory, size) : -errno;
}

static void *map(size_t size, int flags, pages_place *place, int node)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

    if (memory == MAP_FAILED)
        return NULL;
    if (place)
        place(memory, size, node);
    if (!(flags & MAP_HUGETLB))
        (void)madvise(memory, size, MADV_HUGEPAGE);
    if (pages_populate(memory, size) == 0)
        return memory;
    munmap(memory, size);
    return NULL;
}

/* A mapping of huge pages is no promise: a cgroup or a set of nodes may have no share of those that
 * are reserved. */
void *pages_map(size_t size, pages_place *place, int node, bool *huge)
{
    void *memory = map(size, MAP_HUGETLB, place, node);

    *huge = memory != NULL;
    return memory ? memory : map(size, 0, place, node);
}
