// SPDX-License-Identifier: BSD-2-Clause
#include "failing_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint32_t left; /* calls until one fails; 0: none does */
static bool goes_on;
static bool failed;

void failing_calls_arm(uint32_t n, bool and_all_after)
{
    left = n;
    goes_on = and_all_after;
    failed = false;
}

bool failing_calls_disarm(void)
{
    left = 0;
    return failed;
}

static bool fails(void)
{
    if (left == 0 || --left > 0)
        return false;
    left = goes_on;
    failed = true;
    errno = EMFILE;
    return true;
}

static long next_syscall(long number, const long *a)
{
    static long (*next)(long, ...);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): its names are reserved */
long syscall(long number, ...)
{
    long arguments[6];
    va_list list;

    if (fails())
        return -1;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    return next_syscall(number, arguments);
}

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): its names are reserved */
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    const long arguments[6] = {(long)address, (long)length, protection, flags, file, offset};

    return fails() ? MAP_FAILED : (void *)next_syscall(SYS_mmap, arguments);
}
