// SPDX-License-Identifier: BSD-2-Clause
#include "confine.h"

#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "confine_private.h"

_Thread_local const char *confine_who = "a thread";

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum {
    CALLS_MOST = 20,
    NONE = -1,
    HEAP_BLOCK = 66 << 10, /* glibc looks at its heap where 64 KiB are freed, not at 128 KiB */
    HEAP_MOST = 64 << 20,  /* no heap of a thread's in glibc is larger */
};

/* What the C library's memory, locks and clocks take, and a thread's own end and that of all. */
static const int everybody[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(futex),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(gettid),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(tgkill),
    SCMP_SYS(write),
    NONE,
};

static const struct {
    const char *who;
    int calls[CALLS_MOST];
    int family; /* of the sockets that it may make; AF_UNSPEC: none */
} of[] = {
    [CONFINED_WORKER] = {"a worker",
                         {SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvfrom), SCMP_SYS(sendto),
                          NONE},
                         AF_UNSPEC},
    [CONFINED_WRITER] = {"a writer",
                         {SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(poll),
                          SCMP_SYS(ppoll), NONE},
                         AF_UNSPEC},
    [CONFINED_SENDER] = {"a writer to a socket",
                         {SCMP_SYS(close), SCMP_SYS(connect), SCMP_SYS(fcntl), SCMP_SYS(fstat),
                          SCMP_SYS(newfstatat), SCMP_SYS(poll), SCMP_SYS(ppoll), NONE},
                         AF_UNIX},
    [CONFINED_PACKETS] = {"the writer of packets",
                          {SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(ftruncate), SCMP_SYS(lseek),
                           SCMP_SYS(newfstatat), SCMP_SYS(poll), SCMP_SYS(ppoll), NONE},
                          AF_UNSPEC},
    [CONFINED_CONTROL] = {"the control socket's thread",
                          {SCMP_SYS(accept4), SCMP_SYS(close), SCMP_SYS(geteuid),
                           SCMP_SYS(getsockopt), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(read),
                           SCMP_SYS(recvfrom), SCMP_SYS(sendto), NONE},
                          AF_UNSPEC},
    [CONFINED_METRICS] = {"the thread of --metrics",
                          {SCMP_SYS(accept4), SCMP_SYS(close), SCMP_SYS(epoll_ctl),
                           SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait), SCMP_SYS(fcntl),
                           SCMP_SYS(getsockopt), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(read),
                           SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(sendto),
                           SCMP_SYS(setsockopt), SCMP_SYS(shutdown), SCMP_SYS(writev), NONE},
                          AF_UNSPEC},
    [CONFINED_BLOCKS] = {"the thread of --blocks",
                         {SCMP_SYS(bind), SCMP_SYS(bpf), SCMP_SYS(close), SCMP_SYS(getsockname),
                          SCMP_SYS(recvmsg), SCMP_SYS(sendto), NONE},
                         AF_NETLINK},
    [CONFINED_SHUNTS] = {"the thread of --shunts", {SCMP_SYS(bpf), NONE}, AF_UNSPEC},
};

static int allow_all(scmp_filter_ctx filter, const int *calls)
{
    int status = 0;

    for (; *calls != NONE && status == 0; calls++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, *calls, 0);
    return status;
}

/* Memory, but none that can be executed. */
static int allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp plain = SCMP_A2_64(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, plain);

    return status == 0 ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, plain)
                       : status;
}

static int allow_sockets(scmp_filter_ctx filter, int family)
{
    const struct scmp_arg_cmp of_family = SCMP_A0_64(SCMP_CMP_EQ, (uint64_t)family, 0);

    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, of_family);
}

/* Without SPEC_ALLOW kernels before 5.16 slow a filtered thread's every load behind a store. The
 * calls of the hot path are allowed whatever their arguments, which the kernel (5.11) then looks up
 * in a bitmap without running the filter. */
static int load(enum confined who)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);

    if (!filter)
        return -ENOMEM;
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    int status = allow_all(filter, everybody);
    if (status == 0)
        status = allow_all(filter, of[who].calls);
    if (status == 0)
        status = allow_memory(filter);
    if (status == 0 && of[who].family != AF_UNSPEC)
        status = allow_sockets(filter, of[who].family);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status;
}

/* glibc opens a file of /proc when one thread of all first gives back the top of its heap, at a
 * threshold that follows what the process has freed: let that happen beforehand. */
static void give_back_memory(void)
{
    void **last = NULL, **block;

    for (size_t taken = 0; taken < HEAP_MOST && (block = malloc(HEAP_BLOCK)); taken += HEAP_BLOCK) {
        *block = (void *)last;
        last = block;
    }
    while ((block = last)) {
        last = *block;
        free((void *)block);
    }
}

int confine(enum confined who)
{
    static pthread_once_t given_back = PTHREAD_ONCE_INIT;
    sigset_t forbidden;

    confine_who = of[who].who;
    if (SANITIZED || seccomp_api_get() == 0)
        return 0;
    pthread_once(&given_back, give_back_memory);
    /* The kernel kills without a word where the signal that tells of it is blocked. */
    sigemptyset(&forbidden);
    sigaddset(&forbidden, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &forbidden, NULL);
    int status = load(who);
    return status == -EINVAL || status == -ENOSYS ? 0 : status;
}
