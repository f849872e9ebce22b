// SPDX-License-Identifier: BSD-2-Clause
/* Preloaded into an engine: from SIGUSR2 on, the thread that $AFXDP_TRESPASS names opens a file
 * when it next waits; a broker's, which may, executes one when it connects again. Threads are told
 * apart by what they wait for. And the kernel refuses the filter that $AFXDP_UNCONFINED numbers,
 * from 1. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int (*real_connect)(int, const struct sockaddr *, socklen_t);
static int (*real_load)(const void *);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static int (*real_epoll_wait)(int, struct epoll_event *, int, int);
static volatile sig_atomic_t now;
static const char *who;
static int unconfined, loads;

static void trespass(int signal)
{
    (void)signal;
    now = 1;
}

__attribute__((constructor)) static void begin(void)
{
    const struct sigaction action = {.sa_handler = trespass, .sa_flags = SA_RESTART};

    *(void **)&real_connect = dlsym(RTLD_NEXT, "connect");
    *(void **)&real_load = dlsym(RTLD_NEXT, "seccomp_load");
    *(void **)&real_poll = dlsym(RTLD_NEXT, "poll");
    *(void **)&real_epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
    who = getenv("AFXDP_TRESPASS");
    unconfined = getenv("AFXDP_UNCONFINED") ? atoi(getenv("AFXDP_UNCONFINED")) : 0;
    sigaction(SIGUSR2, &action, NULL);
}

#ifndef __clang__ /* glibc declares that poll only writes there */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

static void wait_as(const char *waits)
{
    if (now && gettid() != getpid() && who && strcmp(who, waits) == 0)
        (void)!open("/etc/hostname", O_RDONLY | O_CLOEXEC);
}

int seccomp_load(const void *filter)
{
    return __atomic_add_fetch(&loads, 1, __ATOMIC_RELAXED) == unconfined ? -EACCES
                                                                         : real_load(filter);
}

int poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
    const char *waits = nfds > 2 ? "control" : "worker";

    for (nfds_t i = 0; i < nfds; i++)
        if (nfds <= 2 && fds[i].events & POLLOUT)
            waits = "writer";
    wait_as(waits);
    return real_poll(fds, nfds, timeout);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    if (now && who && strcmp(who, "broker") == 0)
        execl("/bin/true", "true", (char *)NULL);
    return real_connect(fd, addr, len);
}

int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
{
    wait_as("metrics");
    return real_epoll_wait(epfd, events, maxevents, timeout);
}
