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
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "pages.h"

int __real_madvise(void *memory, size_t size, int advice);
int __wrap_madvise(void *memory, size_t size, int advice);

static bool old_kernel;

int __wrap_madvise(void *memory, size_t size, int advice)
{
    if (!old_kernel || advice == MADV_HUGEPAGE)
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

/* KiB of a page of the mapping that begins there, as the kernel says it. */
static unsigned page_size_at(const void *memory)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    unsigned long at = 0;
    unsigned size = 0;
    char line[512];

    assert_non_null(maps);
    while (size == 0 && fgets(line, sizeof(line), maps)) {
        unsigned long begin, end;

        if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
            at = (unsigned long)memory >= begin && (unsigned long)memory < end;
        else if (at)
            (void)sscanf(line, "KernelPageSize: %u kB", &size);
    }
    fclose(maps);
    return size;
}

static void test_says_what_was_obtained(void **state)
{
    bool huge;

    (void)state;
    old_kernel = false;
    void *memory = pages_map(HUGE_PAGE, NULL, -1, &huge);
    assert_non_null(memory);
    assert_int_equal(page_size_at(memory), huge ? HUGE_PAGE >> 10 : sysconf(_SC_PAGESIZE) >> 10);
    assert_int_equal(munmap(memory, HUGE_PAGE), 0);
}

static void test_all_there(void **state)
{
    const size_t size = 3 * (size_t)HUGE_PAGE;

    for (int old = 0; old < 2; old++) {
        bool huge;

        old_kernel = old;
        uint8_t *memory = pages_map(size, NULL, -1, &huge);
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
    bool huge;

    (void)state;
    old_kernel = false;
    void *memory = pages_map(HUGE_PAGE, place, 7, &huge);
    assert_non_null(memory);
    assert_int_equal(placed, 7);
    assert_int_equal(munmap(memory, HUGE_PAGE), 0);
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
    bool huge;

    (void)state;
    assert_null(pages_map((size_t)1 << 62, NULL, -1, &huge));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_there),
        cmocka_unit_test(test_says_what_was_obtained),
        cmocka_unit_test(test_placed_before_touched),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
