// SPDX-License-Identifier: BSD-2-Clause
/* Preloaded into an engine: from SIGUSR2 on, the thread that $AFXDP_TRESPASS names opens a file
 * when it next waits. Threads are told apart by what they wait for. */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static int (*real_poll)(struct pollfd *, nfds_t, int);
static int (*real_epoll_wait)(int, struct epoll_event *, int, int);
static volatile sig_atomic_t now;
static const char *who;

static void trespass(int signal)
{
    (void)signal;
    now = 1;
}

__attribute__((constructor)) static void begin(void)
{
    const struct sigaction action = {.sa_handler = trespass, .sa_flags = SA_RESTART};

    *(void **)&real_poll = dlsym(RTLD_NEXT, "poll");
    *(void **)&real_epoll_wait = dlsym(RTLD_NEXT, "epoll_wait");
    who = getenv("AFXDP_TRESPASS");
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

int poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
    const char *waits = nfds > 2 ? "control" : "worker";

    for (nfds_t i = 0; i < nfds; i++)
        if (nfds <= 2 && fds[i].events & POLLOUT)
            waits = "writer";
    wait_as(waits);
    return real_poll(fds, nfds, timeout);
}

int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
{
    wait_as("metrics");
    return real_epoll_wait(epfd, events, maxevents, timeout);
}
