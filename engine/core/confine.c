// SPDX-License-Identifier: BSD-2-Clause
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
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
    NONE = -1,
    HEAP_BLOCK = 66 << 10, /* glibc looks at its heap where 64 KiB are freed, not at 128 KiB */
    HEAP_MOST = 64 << 20,  /* no heap of a thread's in glibc is larger */
};

#define LIST(...) ((const int[]){__VA_ARGS__, NONE})

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

/* What a library that resolves names may or may not try, by plug-ins that others wrote, fails; but
 * none has any business with these. */
static const int nobody[] = {
    SCMP_SYS(add_key),
    SCMP_SYS(bpf),
    SCMP_SYS(chroot),
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(finit_module),
    SCMP_SYS(fork),
    SCMP_SYS(init_module),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(mount),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(setgid),
    SCMP_SYS(setns),
    SCMP_SYS(setresgid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setuid),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vfork),
    NONE,
};

static const struct {
    const char *who;
    const int *calls;
    const int *families; /* of the sockets that it may make */
    bool threads;        /* it may start some, and open files to read */
    bool lenient;        /* what isn't allowed fails, but for nobody's */
} of[] = {
    [CONFINED_WORKER] = {.who = "a worker",
                         .calls = LIST(SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvfrom),
                                       SCMP_SYS(sendto))},
    [CONFINED_WRITER] = {.who = "a writer",
                         .calls = LIST(SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
                                       SCMP_SYS(poll), SCMP_SYS(ppoll))},
    [CONFINED_SENDER] = {.who = "a writer to a socket",
                         .calls = LIST(SCMP_SYS(close), SCMP_SYS(connect), SCMP_SYS(fcntl),
                                       SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(poll),
                                       SCMP_SYS(ppoll)),
                         .families = LIST(AF_UNIX)},
    [CONFINED_PACKETS] = {.who = "the writer of packets",
                          .calls = LIST(SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(ftruncate),
                                        SCMP_SYS(lseek), SCMP_SYS(newfstatat), SCMP_SYS(poll),
                                        SCMP_SYS(ppoll))},
    [CONFINED_CONTROL] = {.who = "the control socket's thread",
                          .calls = LIST(SCMP_SYS(accept4), SCMP_SYS(close), SCMP_SYS(geteuid),
                                        SCMP_SYS(getsockopt), SCMP_SYS(poll), SCMP_SYS(ppoll),
                                        SCMP_SYS(read), SCMP_SYS(recvfrom), SCMP_SYS(sendto))},
    [CONFINED_METRICS] = {.who = "the thread of --metrics",
                          .calls = LIST(SCMP_SYS(accept4), SCMP_SYS(close), SCMP_SYS(epoll_ctl),
                                        SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait),
                                        SCMP_SYS(fcntl), SCMP_SYS(getsockopt), SCMP_SYS(poll),
                                        SCMP_SYS(ppoll), SCMP_SYS(read), SCMP_SYS(recvfrom),
                                        SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(setsockopt),
                                        SCMP_SYS(shutdown), SCMP_SYS(writev))},
    [CONFINED_BLOCKS] = {.who = "the thread of --blocks",
                         .calls = LIST(SCMP_SYS(bind), SCMP_SYS(bpf), SCMP_SYS(close),
                                       SCMP_SYS(getsockname), SCMP_SYS(recvmsg), SCMP_SYS(sendto)),
                         .families = LIST(AF_NETLINK)},
    [CONFINED_SHUNTS] = {.who = "the thread of --shunts", .calls = LIST(SCMP_SYS(bpf))},
    [CONFINED_STATE] = {.who = "the thread of --state",
                        .calls = LIST(SCMP_SYS(close), SCMP_SYS(fchmod), SCMP_SYS(fstat),
                                      SCMP_SYS(fsync), SCMP_SYS(newfstatat), SCMP_SYS(openat),
                                      SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(unlink),
                                      SCMP_SYS(unlinkat))},
    [CONFINED_BROKERS] =
        {.who = "a thread of --eve's broker",
         .calls = LIST(SCMP_SYS(access), SCMP_SYS(bind), SCMP_SYS(close), SCMP_SYS(connect),
                       SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait),
                       SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2),
                       SCMP_SYS(faccessat), SCMP_SYS(fcntl), SCMP_SYS(fstat), SCMP_SYS(getcwd),
                       SCMP_SYS(getdents64), SCMP_SYS(getegid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
                       SCMP_SYS(getpeername), SCMP_SYS(getsockname), SCMP_SYS(getsockopt),
                       SCMP_SYS(getuid), SCMP_SYS(ioctl), SCMP_SYS(lseek), SCMP_SYS(newfstatat),
                       SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(poll), SCMP_SYS(ppoll),
                       SCMP_SYS(pread64), SCMP_SYS(prctl), SCMP_SYS(read), SCMP_SYS(readlink),
                       SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg), SCMP_SYS(recvmsg),
                       SCMP_SYS(rt_sigaction), SCMP_SYS(sendmmsg), SCMP_SYS(sendmsg),
                       SCMP_SYS(sendto), SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
                       SCMP_SYS(socketpair), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(writev)),
         .families = LIST(AF_INET, AF_INET6, AF_NETLINK, AF_UNIX),
         .threads = true,
         .lenient = true},
    [CONFINED_NOT] = {.who = "a thread that calls back"},
};

const char *confine_name(enum confined who)
{
    return of[who].who;
}

static int rule_all(scmp_filter_ctx filter, uint32_t action, const int *calls)
{
    int status = 0;

    for (; calls && *calls != NONE && status == 0; calls++)
        status = seccomp_rule_add(filter, action, *calls, 0);
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

static int allow_sockets(scmp_filter_ctx filter, const int *families)
{
    int status = 0;

    for (; families && *families != NONE && status == 0; families++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                  SCMP_A0_64(SCMP_CMP_EQ, (uint64_t)*families, 0));
    return status;
}

/* Threads, but no processes: clone3's flags can't be seen, so that the C library falls back to
 * clone. Files to read, but none to write. */
static int allow_threads(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp thread = SCMP_A0_64(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD);
    const struct scmp_arg_cmp read_only =
        SCMP_A2_64(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY);
    int status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);
    return status == 0 ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, read_only)
                       : status;
}

/* Without SPEC_ALLOW kernels before 5.16 slow a filtered thread's every load behind a store. The
 * calls of the hot path are allowed whatever their arguments, which the kernel (5.11) then looks up
 * in a bitmap without running the filter. */
static int load(enum confined who)
{
    scmp_filter_ctx filter = seccomp_init(of[who].lenient ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_TRAP);

    if (!filter)
        return -ENOMEM;
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    int status = rule_all(filter, SCMP_ACT_ALLOW, everybody);
    if (status == 0)
        status = rule_all(filter, SCMP_ACT_ALLOW, of[who].calls);
    if (status == 0 && of[who].lenient)
        status = rule_all(filter, SCMP_ACT_TRAP, nobody);
    if (status == 0)
        status = allow_memory(filter);
    if (status == 0)
        status = allow_sockets(filter, of[who].families);
    if (status == 0 && of[who].threads)
        status = allow_threads(filter);
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

/* The kernel kills without a word where the signal that tells of it is blocked. */
void confine_inherited(enum confined who)
{
    sigset_t forbidden;

    confine_who = of[who].who;
    sigemptyset(&forbidden);
    sigaddset(&forbidden, SIGSYS);
    pthread_sigmask(SIG_UNBLOCK, &forbidden, NULL);
}

int confine(enum confined who)
{
    static pthread_once_t given_back = PTHREAD_ONCE_INIT;

    if (SANITIZED || who == CONFINED_NOT || seccomp_api_get() == 0)
        return 0;
    pthread_once(&given_back, give_back_memory);
    confine_inherited(who);
    int status = load(who);
    return status == -EINVAL || status == -ENOSYS ? 0 : status;
}
