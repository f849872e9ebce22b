// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* linux/if_xdp.h of kernel 6.6 */
#ifndef XDP_USE_SG
#define XDP_USE_SG (1 << 4)
#endif

enum {
    BIND_TRIES = 100,
    BIND_PAUSE_MS = 5,
    BUSY_POLL_US = 20, /* how long the kernel polls when there is nothing at once */
};

static int memory_error(const struct xsk_group *group, int status, struct error *error)
{
    struct rlimit limit = {0};

    (void)getrlimit(RLIMIT_MEMLOCK, &limit);
    switch (status) {
    case -ENOBUFS:
        return error_set(
            error, status,
            "packet memory of %zu KiB can't be locked, the limit is %llu KiB: raise it "
            "(ulimit -l), give CAP_IPC_LOCK, or ask for smaller rings (--ring-rx, "
            "--ring-fill)",
            group->umem.size >> 10, (unsigned long long)limit.rlim_cur >> 10);
    case -EPERM:
        return error_set(error, status, "an AF_XDP socket needs root or CAP_NET_RAW");
    case -EAFNOSUPPORT:
        return error_set(error, status, "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS)");
    default:
        return error_set(error, status, "cannot register %zu KiB of packet memory: %s",
                         group->umem.size >> 10, strerror(-status));
    }
}

int xsk_register_memory(struct xsk_group *group, const struct xsk_options *options,
                        struct error *error)
{
    const struct xsk_umem_config config = {
        .fill_size = options->sizes.fill,
        .comp_size = options->sizes.completion,
        .frame_size = options->frame_size,
    };
    struct xsk_port *first = &group->port[0];
    int status = xsk_umem__create(&group->registered, group->umem.memory,
                                  (uint64_t)group->umem.frames * options->frame_size, &first->fill,
                                  &first->completion, &config);

    return status == 0 ? 0 : memory_error(group, status, error);
}

/* libxdp (1.3.1 to 1.6.3) goes on counting a second socket for which there was no descriptor, takes
 * the memory to be in use from then on, and never frees it. The first socket has unmapped the
 * rings. */
void xsk_forget_memory(struct xsk_group *group)
{
    int fd = xsk_umem__fd(group->registered);

    if (xsk_umem__delete(group->registered) == -EBUSY) {
        close(fd);
        free(group->registered);
    }
    group->registered = NULL;
}

/* The kernel says EINVAL of a queue that isn't there, and drivers say it of zero-copy as the device
 * is set up. */
static int refused_as_invalid(const struct xsk_options *options, uint32_t which,
                              struct error *error)
{
    const char *interface = options->interface[which];
    const char *needs = options->zerocopy_needs[which];

    if (options->mode != XSK_MODE_ZEROCOPY || options->queue >= options->nic_queues[which])
        return error_set(error, -EINVAL, "%s: has no queue %u; see: ethtool -l %s", interface,
                         options->queue, interface);
    return error_set(error, -EOPNOTSUPP,
                     "%s: queue %u can't do zero-copy as the device is set up%s%s; --mode auto or "
                     "copy works",
                     interface, options->queue, needs ? ": it needs " : "", needs ? needs : "");
}

static int bind_error(const struct xsk_options *options, uint32_t which, int status,
                      struct error *error)
{
    const char *interface = options->interface[which];

    switch (status) {
    case -EBUSY:
        return error_set(error, status,
                         "%s: queue %u is taken by another AF_XDP socket; see: ss --xdp", interface,
                         options->queue);
    case -EINVAL:
        return refused_as_invalid(options, which, error);
    case -EOPNOTSUPP:
    case -EPROTONOSUPPORT:
        return error_set(error, -EOPNOTSUPP,
                         "%s: queue %u can't do zero-copy: the driver refuses it%s; --mode auto or "
                         "copy works",
                         interface, options->queue,
                         options->multi_buffer
                             ? ", which may be for frames of several chunks only, "
                               "so a lower MTU may do"
                             : " (of a bond, use a member)");
    case -ENETDOWN:
        return error_set(error, status, "%s is down: ip link set %s up", interface, interface);
    default:
        return error_set(error, status, "%s: cannot bind queue %u: %s", interface, options->queue,
                         strerror(-status));
    }
}

/* A socket that was closed a moment ago still holds its queue. */
static int bind_patiently(struct xsk_group *group, uint32_t which,
                          const struct xsk_options *options, uint16_t flags)
{
    const struct timespec pause = {.tv_nsec = BIND_PAUSE_MS * 1000000};
    const struct xsk_socket_config config = {
        .rx_size = options->sizes.rx,
        .tx_size = options->sizes.tx,
        .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
        .bind_flags = flags,
    };
    struct xsk_port *p = &group->port[which];
    int status = -EBUSY;

    for (int tries = 0; status == -EBUSY && tries < BIND_TRIES; tries++) {
        if (tries > 0)
            nanosleep(&pause, NULL);
        status = xsk_socket__create_shared(&p->socket, options->interface[which], options->queue,
                                           group->registered, &p->rx, &p->tx, &p->fill,
                                           &p->completion, &config);
    }
    return status;
}

static void start_busy_polling(const struct xsk_port *p, uint32_t budget, char notice[256])
{
    const int yes = 1;
    const int time_us = BUSY_POLL_US;
    const int packets = (int)budget;

    if (setsockopt(p->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &yes, sizeof(yes)) != 0 ||
        setsockopt(p->fd, SOL_SOCKET, SO_BUSY_POLL, &time_us, sizeof(time_us)) != 0 ||
        setsockopt(p->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &packets, sizeof(packets)) != 0) {
        struct error text;
        error_set(&text, 0, "busy polling was refused: %s; woken by interrupts instead",
                  strerror(errno));
        memcpy(notice, text.text, 255);
    }
}

int xsk_bind(struct xsk_group *group, uint32_t which, const struct xsk_options *options,
             enum xsk_mode mode, struct error *error)
{
    struct xsk_port *p = &group->port[which];
    struct xdp_options obtained = {0};
    socklen_t size = sizeof(obtained);
    uint16_t flags = XDP_USE_NEED_WAKEUP;

    if (mode != XSK_MODE_AUTO)
        flags |= mode == XSK_MODE_COPY ? XDP_COPY : XDP_ZEROCOPY;
    if (options->multi_buffer)
        flags |= XDP_USE_SG;
    int status = bind_patiently(group, which, options, flags);
    if (status != 0)
        return bind_error(options, which, status, error);

    p->port.operations = &xsk_port_operations;
    p->umem = &group->umem;
    p->fd = xsk_socket__fd(p->socket);
    p->stamped = options->stamped;
    p->nic_clock = options->nic_clock;
    p->swap_addresses = options->hairpin;
    p->trailer_time = options->trailer_time;
    if (getsockopt(p->fd, SOL_XDP, XDP_OPTIONS, &obtained, &size) == 0)
        p->zero_copy = obtained.flags & XDP_OPTIONS_ZEROCOPY;
    if (options->busy_poll > 0) {
        start_busy_polling(p, options->busy_poll, group->notice);
        p->busy_poll = group->notice[0] == 0;
    }
    xsk_port_refill(p);
    return 0;
}
