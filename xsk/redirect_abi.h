// SPDX-License-Identifier: BSD-2-Clause
/* What the redirect program and user space say to each other (BPF-safe). */
#ifndef AFXDP_REDIRECT_ABI_H
#define AFXDP_REDIRECT_ABI_H

#include "bypass.h"

enum {
    REDIRECT_QUEUES_MAX = 256,
    REDIRECT_PORTS_MAX = 2,
};

/* Written into the metadata area right before the frame. Frame memory is used again and again, so
 * the mark tells a stamp of this packet's from an old one: whoever reads it clears it. */
struct redirect_stamp {
    uint64_t mark;
    uint64_t time; /* ns, CLOCK_MONOTONIC, or the NIC's own clock */
};

#define REDIRECT_STAMP_MARK 0x70646178615f3831ull

/* A queue's socket. */
struct redirect_socket {
    uint32_t ifindex;
    uint32_t queue;
};

/* Nothing but counters: user space adds them up as an array. Per queue, kept per CPU. Every packet
 * that the program sees is in exactly one of these but `unstamped`, which is part of `redirected`,
 * and the last ones. */
struct redirect_counters {
    uint64_t redirected; /* to the queue's socket (the socket's own statistics tell what it lost) */
    uint64_t other;      /* not IP: passed to the stack, or across */
    uint64_t bypassed;   /* --bypass: passed, or across */
    uint64_t allowed;    /* --allow: passed, or across */
    uint64_t denied;     /* --deny: dropped */
    uint64_t blocked;    /* a blocked host's: dropped */
    uint64_t shunted;    /* of a shunted flow: passed, or across */
    uint64_t uncovered;  /* no live socket on the queue: passed, or across */
    uint64_t closed;     /* no live socket, and --fail-closed: dropped */
    uint64_t uncrossed;  /* should have crossed, but the other port isn't in the devmap, or there
                          * was no room for its VLAN tag: dropped */
    uint64_t unstamped;  /* the driver gave no room or no time for a stamp */
    /* The worker stood still, so that the packet... */
    uint64_t stalled_crossed;
    uint64_t stalled_passed;
    uint64_t stalled_dropped; /* --fail-closed */
    /* Of shunted flows, beside the counters of packets: */
    uint64_t shunted_bytes;   /* of `shunted` */
    uint64_t shunts_judged;   /* packets that went to the socket to be judged */
    uint64_t shunts_finished; /* ended by RST or FIN, */
    uint64_t shunts_silent;   /* or by silence; the packet went to the socket */
};

/* Of one queue: when its worker was last seen at work. A cache line, for it is written by one core
 * and read by another. */
struct redirect_heartbeat {
    uint64_t time;   /* ns, CLOCK_MONOTONIC_COARSE; the worker's */
    uint64_t offset; /* ns, see ticks.h */
    uint64_t zero[6];
};

#endif
