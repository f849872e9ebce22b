// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_group.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "xsk_socket.h"

void xsk_raise_memlock(void)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit limit;

    if (setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0 || getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

static bool is_ring_size(uint32_t size)
{
    return size >= 64 && size <= 65536 && (size & (size - 1)) == 0;
}

static int check_sizes(const struct xsk_sizes *sizes, struct error *error)
{
    if (is_ring_size(sizes->rx) && is_ring_size(sizes->tx) && is_ring_size(sizes->fill) &&
        is_ring_size(sizes->completion))
        return 0;
    return error_set(error, -EINVAL,
                     "ring sizes of %u (RX), %u (TX), %u (fill), %u (completion): each should be a "
                     "power of two from 64 to 65,536",
                     sizes->rx, sizes->tx, sizes->fill, sizes->completion);
}

/* Enough that every ring of every port can be full at once, with two bursts in hand. */
static uint32_t frames_needed(const struct xsk_options *options, uint32_t ports)
{
    const struct xsk_sizes *s = &options->sizes;
    uint32_t frames = 2 * BURST_MAX;

    for (uint32_t i = 0; i < ports; i++)
        frames += s->rx + s->tx + s->fill + s->completion + options->nic_ring[i];
    return frames;
}

uint64_t xsk_group_bytes(const struct xsk_options *options)
{
    uint32_t frames = frames_needed(options, options->interface[1] ? 2 : 1);

    return umem_bytes(frames, options->frame_size, options->multi_buffer);
}

static void close_sockets(struct xsk_group *group)
{
    for (uint32_t i = group->ports; i-- > 0;)
        if (group->port[i].socket)
            xsk_socket__delete(group->port[i].socket);
    xsk_forget_memory(group);
    memset(group->port, 0, sizeof(group->port));
    umem_reset(&group->umem);
}

static int open_sockets(struct xsk_group *group, const struct xsk_options *options,
                        enum xsk_mode mode, struct error *error)
{
    int status = xsk_register_memory(group, options, error);

    for (uint32_t i = 0; status == 0 && i < group->ports; i++)
        status = xsk_bind(group, i, options, mode, error);
    return status;
}

int xsk_group_open(struct xsk_group **out, const struct xsk_options *options, struct error *error)
{
    struct xsk_group *group;
    int status = check_sizes(&options->sizes, error);

    if (status != 0)
        return status;
    group = calloc(1, sizeof(*group));
    if (!group)
        return error_set(error, -ENOMEM, "out of memory");
    group->ports = options->interface[1] ? 2 : 1;
    status = umem_map(&group->umem, frames_needed(options, group->ports), options->frame_size,
                      options->node, options->multi_buffer, error);
    if (status == 0)
        status = open_sockets(group, options, options->mode, error);
    if (status == -EOPNOTSUPP && options->mode == XSK_MODE_AUTO && group->port[0].socket) {
        close_sockets(group);
        snprintf(group->notice, sizeof(group->notice),
                 "%s refuses zero-copy, so both ports are in copy mode", options->interface[1]);
        status = open_sockets(group, options, XSK_MODE_COPY, error);
    }
    if (status != 0) {
        xsk_group_close(group);
        return status;
    }
    *out = group;
    return 0;
}

void xsk_group_close(struct xsk_group *group)
{
    if (!group)
        return;
    close_sockets(group);
    umem_unmap(&group->umem);
    free(group);
}

/* poll says nothing of a device that was removed, but a call on its socket does. A link that is
 * down gives ENETDOWN, and passes. */
static bool is_gone(const struct xsk_port *port)
{
    return recvfrom(port->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL) < 0 && errno == ENXIO;
}

int xsk_group_wait(struct xsk_group *group, int timeout_ms)
{
    struct pollfd wanted[2];

    for (uint32_t i = 0; i < group->ports; i++) {
        struct xsk_port *p = &group->port[i];

        xsk_port_kick(p);
        if (xsk_port_unsent(p) && timeout_ms > 1)
            timeout_ms = 1; /* the kernel took no more for now */
        if (__atomic_load_n(&p->busy_poll, __ATOMIC_RELAXED))
            timeout_ms = 0;
        wanted[i] = (struct pollfd){.fd = p->fd, .events = POLLIN};
    }
    if (poll(wanted, group->ports, timeout_ms) > 0)
        return 0;
    for (uint32_t i = 0; i < group->ports; i++)
        if (is_gone(&group->port[i]))
            return -ENXIO;
    return 0;
}

bool xsk_group_sent_all(struct xsk_group *group)
{
    uint32_t in_flight = 0;

    for (uint32_t i = 0; i < group->ports; i++) {
        xsk_port_kick(&group->port[i]);
        xsk_port_reclaim(&group->port[i]);
        in_flight += group->port[i].in_flight;
    }
    return in_flight == 0;
}

bool xsk_port_busy_polls(const struct xsk_port *port)
{
    unsigned int napi = 0;
    socklen_t size = sizeof(napi);

    return getsockopt(port->fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &napi, &size) == 0 && napi != 0;
}

int xsk_port_statistics(const struct xsk_port *port, struct xdp_statistics *statistics)
{
    socklen_t size = sizeof(*statistics);

    return getsockopt(port->fd, SOL_XDP, XDP_STATISTICS, statistics, &size) == 0 ? 0 : -errno;
}
