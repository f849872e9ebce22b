// SPDX-License-Identifier: BSD-2-Clause
/* A worker's ports: the sockets on one queue of one or two interfaces, sharing one packet memory.
 *
 * Both get the same mode. With XSK_MODE_AUTO the kernel chooses for the first; a memory keeps the
 * mode of its first bind, so if the second refuses zero-copy, both are bound again in copy mode.
 *
 * Needs CAP_NET_RAW, and CAP_IPC_LOCK or enough RLIMIT_MEMLOCK. Made and closed by the main thread;
 * in between it belongs to its worker, but for the functions that say otherwise. The redirect
 * program is detached before xsk_group_close. */
#ifndef AFXDP_XSK_GROUP_H
#define AFXDP_XSK_GROUP_H

#include "error.h"
#include "xsk_port.h"

enum xsk_mode {
    XSK_MODE_AUTO,
    XSK_MODE_ZEROCOPY, /* or fail */
    XSK_MODE_COPY,
};

struct xsk_sizes { /* of one port, in descriptors; powers of two */
    uint32_t rx;
    uint32_t tx;
    uint32_t fill;
    uint32_t completion;
};

struct xsk_options {
    const char *interface[2]; /* the second NULL for a single port */
    uint32_t queue;
    enum xsk_mode mode;
    struct xsk_sizes sizes;
    uint32_t nic_queues[2];        /* that can be bound */
    const char *zerocopy_needs[2]; /* by the driver; NULL: nothing known */
    uint32_t nic_ring[2]; /* frames each NIC holds beyond our rings: its own RX and TX rings */
    uint32_t frame_size;  /* 2,048 or 4,096 */
    bool multi_buffer;    /* frames may span chunks (kernel 6.6) */
    int node;             /* NUMA node for the memory, -1: any */
    bool stamped;
    bool nic_clock;
    bool hairpin;
    bool trailer_time;
    uint32_t busy_poll; /* packets per poll, 0: don't */
};

struct xsk_group {
    struct umem umem;
    struct xsk_umem *registered;
    uint32_t ports; /* 1 or 2 */
    struct xsk_port port[2];
    char notice[256]; /* something the user should know; empty when there is nothing */
};

/* What a group's packet memory takes, in bytes. */
uint64_t xsk_group_bytes(const struct xsk_options *options);

/* -EBUSY: the queue is taken (after half a second of trying, since a closed socket takes a while to
 * let go). -EINVAL: no such queue, or sizes that aren't powers of two. -EOPNOTSUPP: no zero-copy,
 * and it was demanded. -ENOBUFS: not enough lockable memory. -EPERM. */
int xsk_group_open(struct xsk_group **out, const struct xsk_options *options, struct error *error);

/* Sleeps until a frame arrives or the time is over; first wakes the kernel for what is unsent.
 * 0, or -ENXIO when an interface is gone. A link that is down is waited for like a quiet one. */
int xsk_group_wait(struct xsk_group *group, int timeout_ms);

/* Whether everything sent was completed; takes completions back. */
bool xsk_group_sent_all(struct xsk_group *group);

/* Whether the kernel can busy-poll for the port: it has named the NAPI instance of the port's
 * packets. Known only after the first packet. From any thread. */
bool xsk_port_busy_polls(const struct xsk_port *port);

/* The kernel's counters of the socket since it was made. From any thread. 0 or -errno. */
int xsk_port_statistics(const struct xsk_port *port, struct xdp_statistics *statistics);

void xsk_group_close(struct xsk_group *group);

/* Raises RLIMIT_MEMLOCK as far as it goes; once, at start. Refusal is no error: CAP_IPC_LOCK does
 * without, and if neither suffices xsk_group_open says so. */
void xsk_raise_memlock(void);

#endif
