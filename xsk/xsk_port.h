// SPDX-License-Identifier: BSD-2-Clause
/* An AF_XDP socket as a port: one queue of one interface, for one thread. This is the hot path;
 * sockets are made in xsk_group.h.
 *
 * receive: completions come back to the free stack, the fill ring is topped up from it, and RX
 * descriptors become frames, whose arrival time stands right before their first byte
 * (redirect_abi.h). send: descriptors only; the other port of the worker shares the memory, so that
 * forwarding copies nothing. flush: one system call at most where the kernel wants to be woken, a
 * few in copy mode, which sends 32 frames a call. Nothing here waits. */
#ifndef AFXDP_XSK_PORT_H
#define AFXDP_XSK_PORT_H

#include <xdp/xsk.h>

#include "histogram.h"
#include "port.h"
#include "umem.h"

/* Counted by the port's thread, readable by any. */
struct xsk_port_counters {
    uint64_t received;
    uint64_t sent;            /* frames handed to the TX ring */
    uint64_t unstamped;       /* came without an arrival time and took the burst's clock */
    uint64_t wakeups;         /* system calls made for the TX or fill ring */
    struct histogram waiting; /* descriptors found in the RX ring, where there were any */
};

struct xsk_port {
    struct port port;
    struct umem *umem;
    struct xsk_ring_cons rx;
    struct xsk_ring_prod tx;
    struct xsk_ring_prod fill;
    struct xsk_ring_cons completion;
    struct xsk_socket *socket;
    int fd;
    bool zero_copy;
    bool stamped;        /* frames carry an arrival time */
    bool nic_clock;      /* of the NIC: a missing one isn't filled in from our clock */
    bool swap_addresses; /* hairpin: sent frames go back to who sent them */
    bool trailer_time;   /* for tests: the last 8 bytes of a frame are its time, not its content */
    bool busy_poll;      /* any thread may take it back */
    uint32_t in_flight;  /* chunks in the TX ring, the NIC or the completion ring */
    uint64_t last_time;
    struct xsk_port_counters counters;
};

extern const struct port_operations xsk_port_operations;

/* Fills the fill ring before the first packet, and takes back what was sent. */
void xsk_port_refill(struct xsk_port *port);
void xsk_port_reclaim(struct xsk_port *port);

/* Wakes the kernel for what is still in the TX ring, a bounded number of times. */
void xsk_port_kick(struct xsk_port *port);

/* Whether descriptors wait in the TX ring for the kernel to take them. */
bool xsk_port_unsent(const struct xsk_port *port);

#endif
