// SPDX-License-Identifier: BSD-2-Clause
/* Memory is there or it isn't; finding out raises no signal, on kernels with MADV_POPULATE_WRITE
 * and without. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "pages.h"

int __real_madvise(void *memory, size_t size, int advice);
int __wrap_madvise(void *memory, size_t size, int advice);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t from);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t from);

enum { GRANTS_HUGE = 1, GRANTS_GIGANTIC = 2, AS_THE_KERNEL = 4 };

static bool old_kernel, never_huge;
static int granted, not_kept; /* reserved pages that there are, and that populating finds missing */
static int last;              /* what the last mapping was granted */

static int each(void **state)
{
    (void)state;
    old_kernel = never_huge = false;
    granted = AS_THE_KERNEL;
    not_kept = last = 0;
    return 0;
}

/* Stands for reserved pages by address space without memory. */
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t from)
{
    last = 0;
    if (granted == AS_THE_KERNEL || !(flags & MAP_HUGETLB))
        return __real_mmap(at, size, protection, flags, file, from);
    int kind = (flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK) == 30 ? GRANTS_GIGANTIC : GRANTS_HUGE;
    if (!(granted & kind)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    last = kind;
    flags &= ~(int)(MAP_HUGETLB | (unsigned)MAP_HUGE_MASK << MAP_HUGE_SHIFT);
    return __real_mmap(at, size, protection, flags | MAP_NORESERVE, file, from);
}

int __wrap_madvise(void *memory, size_t size, int advice)
{
    if (advice == MADV_HUGEPAGE)
        return __real_madvise(memory, size, never_huge ? MADV_NOHUGEPAGE : advice);
    if (last) {
        errno = ENOMEM;
        return last & not_kept ? -1 : 0;
    }
    if (!old_kernel)
        return __real_madvise(memory, size, advice);
    errno = EINVAL;
    return -1;
}

static size_t resident(void *memory, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *there = malloc(size / page);
    size_t pages = 0;

    assert_non_null(there);
    assert_int_equal(mincore(memory, size, there), 0);
    for (size_t i = 0; i < size / page; i++)
        pages += there[i] & 1;
    free(there);
    return pages * page;
}

/* What the kernel says of the mapping that begins there, in KiB. */
static unsigned kib_at(const void *memory, const char *what)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    bool at = false, found = false;
    unsigned kib = 0;
    char line[512];

    assert_non_null(maps);
    while (!found && fgets(line, sizeof(line), maps)) {
        unsigned long begin, end;

        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            at = (unsigned long)memory >= begin && (unsigned long)memory < end;
        else if (at && strncmp(line, what, strlen(what)) == 0)
            found = sscanf(line + strlen(what), ": %u kB", &kib) == 1;
    }
    fclose(maps);
    assert_true(found);
    return kib;
}

static size_t map_one(size_t size, enum pages *obtained)
{
    void *memory = pages_map(&size, NULL, -1, obtained);

    assert_non_null(memory);
    assert_int_equal(munmap(memory, size), 0);
    return size;
}

static void test_says_what_was_obtained(void **state)
{
    size_t size = HUGE_PAGE;
    enum pages obtained;

    (void)state;
    void *memory = pages_map(&size, NULL, -1, &obtained);
    assert_non_null(memory);
    assert_int_equal(size, HUGE_PAGE);
    assert_int_equal(kib_at(memory, "KernelPageSize"),
                     obtained == PAGES_HUGE ? HUGE_PAGE >> 10 : sysconf(_SC_PAGESIZE) >> 10);
    assert_int_equal(munmap(memory, size), 0);
}

/* The largest that the kernel grants and the mapping fills; a grant that a cgroup then doesn't
 * keep is none. */
static void test_largest_first(void **state)
{
    const size_t large = GIGANTIC_PAGE + HUGE_PAGE;
    enum pages obtained;

    (void)state;
    granted = GRANTS_GIGANTIC | GRANTS_HUGE;
    assert_int_equal(map_one(large, &obtained), 2 * (size_t)GIGANTIC_PAGE);
    assert_int_equal(obtained, PAGES_GIGANTIC);
    assert_int_equal(map_one(GIGANTIC_PAGE - HUGE_PAGE, &obtained), GIGANTIC_PAGE - HUGE_PAGE);
    assert_int_equal(obtained, PAGES_HUGE);
    not_kept = GRANTS_GIGANTIC;
    assert_int_equal(map_one(large, &obtained), large);
    assert_int_equal(obtained, PAGES_HUGE);
    granted = GRANTS_HUGE;
    assert_int_equal(map_one(large, &obtained), large);
    assert_int_equal(obtained, PAGES_HUGE);
}

/* A kernel may make none. */
static void test_made_huge(void **state)
{
    (void)state;
    granted = 0;
    for (int never = 1; never >= 0; never--) {
        size_t size = 4 * (size_t)HUGE_PAGE;
        enum pages obtained;

        never_huge = never;
        void *memory = pages_map(&size, NULL, -1, &obtained);
        assert_non_null(memory);
        unsigned huge = kib_at(memory, "AnonHugePages");
        assert_true(huge == 0 || !never);
        assert_int_equal(obtained,
                         huge > kib_at(memory, "Size") / 2 ? PAGES_TRANSPARENT : PAGES_ORDINARY);
        assert_int_equal(munmap(memory, size), 0);
    }
}

static void test_all_there(void **state)
{
    for (int old = 0; old < 2; old++) {
        size_t size = 3 * (size_t)HUGE_PAGE;
        enum pages obtained;

        old_kernel = old;
        uint8_t *memory = pages_map(&size, NULL, -1, &obtained);
        assert_non_null(memory);
        assert_int_equal(resident(memory, size), size);
        for (size_t i = 0; i < size; i += 4096)
            assert_int_equal(memory[i], 0);
        assert_int_equal(munmap(memory, size), 0);
    }
    (void)state;
}

static int placed;

static void place(void *memory, size_t size, int node)
{
    placed = node;
    assert_int_equal(resident(memory, size), 0);
}

static void test_placed_before_touched(void **state)
{
    size_t size = HUGE_PAGE;
    enum pages obtained;

    (void)state;
    void *memory = pages_map(&size, place, 7, &obtained);
    assert_non_null(memory);
    assert_int_equal(placed, 7);
    assert_int_equal(munmap(memory, size), 0);
}

/* A file that ends within the mapping: touching what is behind it is a SIGBUS, as is a huge page
 * that a cgroup doesn't grant. */
static void test_missing(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    int file = memfd_create("short", MFD_CLOEXEC);

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, (off_t)page), 0);
    void *memory = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    for (int old = 0; old < 2; old++) {
        old_kernel = old;
        assert_int_equal(pages_populate(memory, page), 0);
        assert_int_equal(pages_populate(memory, 4 * page), -EFAULT);
    }
    assert_int_equal(munmap(memory, 4 * page), 0);
    assert_int_equal(close(file), 0);
}

static void test_none(void **state)
{
    size_t size = (size_t)1 << 62;
    enum pages obtained;

    (void)state;
    assert_null(pages_map(&size, NULL, -1, &obtained));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_there, each),
        cmocka_unit_test_setup(test_says_what_was_obtained, each),
        cmocka_unit_test_setup(test_largest_first, each),
        cmocka_unit_test_setup(test_made_huge, each),
        cmocka_unit_test_setup(test_placed_before_touched, each),
        cmocka_unit_test_setup(test_missing, each),
        cmocka_unit_test_setup(test_none, each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
