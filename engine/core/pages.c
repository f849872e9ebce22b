// SPDX-License-Identifier: BSD-2-Clause
#include "pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Binary logarithms of sizes, as mmap() takes them; without one it takes the kernel's default size,
 * which `default_hugepagesz` may have made 1 GiB. */
enum { HUGE_PAGES = 21 << MAP_HUGE_SHIFT, GIGANTIC_PAGES = 30 << MAP_HUGE_SHIFT };

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

/* Whether most of it is in pages that the kernel has made huge. */
static bool is_transparent(const void *memory)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    unsigned long begin = 0, end = 0, huge = 0;
    const uintptr_t at = (uintptr_t)memory;
    char line[512];

    while (maps && fgets(line, sizeof(line), maps)) {
        unsigned long from, to;

        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            begin = from;
            end = to;
        } else if (at >= begin && at < end && sscanf(line, "AnonHugePages: %lu kB", &huge) == 1) {
            break;
        }
    }
    if (maps)
        fclose(maps);
    return huge << 10 > (end - begin) / 2;
}

/* A mapping of reserved pages is no promise: a cgroup or a set of nodes may have no share of them.
 */
void *pages_map(size_t *size, pages_place *place, int node, enum pages *obtained)
{
    const size_t gigantic = (*size + GIGANTIC_PAGE - 1) / GIGANTIC_PAGE * GIGANTIC_PAGE;
    void *memory =
        *size >= GIGANTIC_PAGE ? map(gigantic, MAP_HUGETLB | GIGANTIC_PAGES, place, node) : NULL;

    *obtained = PAGES_GIGANTIC;
    if (memory) {
        *size = gigantic;
        return memory;
    }
    *obtained = PAGES_HUGE;
    memory = map(*size, MAP_HUGETLB | HUGE_PAGES, place, node);
    if (memory)
        return memory;
    memory = map(*size, 0, place, node);
    *obtained = memory && is_transparent(memory) ? PAGES_TRANSPARENT : PAGES_ORDINARY;
    return memory;
}

const char *pages_name(enum pages pages)
{
    static const char *const names[] = {"ordinary", "transparent huge", "reserved 2 MiB",
                                        "reserved 1 GiB"};

    return names[pages];
}
