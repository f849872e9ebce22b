// SPDX-License-Identifier: BSD-2-Clause
/* The redirect program on one interface: what goes to the sockets, what passes or crosses.
 *
 * Order of life: redirect_open (loaded), redirect_set_socket for each queue as its socket is bound,
 * xdp_attach (a queue without a socket passes or crosses), at the end redirect_close before the
 * sockets are closed. Set-up only, one thread; redirect_read_counters from any.
 *
 * The watchdog: each queue's worker writes the time (CLOCK_MONOTONIC_COARSE, ns) to the queue's
 * heartbeat; when that is older than `watchdog_ms`, packets don't enter the ring. */
#ifndef AFXDP_REDIRECT_H
#define AFXDP_REDIRECT_H

#include "attach.h"
#include "blocked.h"
#include "error.h"
#include "lists.h"
#include "redirect_abi.h"
#include "shunted.h"

enum timestamps {
    TIMESTAMPS_XDP,   /* the kernel's monotonic clock, read in the XDP program */
    TIMESTAMPS_BURST, /* one clock per burst, read by the worker */
    TIMESTAMPS_NIC,   /* the NIC's own, where its driver gives them to XDP (kernel 6.3) */
};

struct redirect_options {
    const char *interface;
    struct xdp_claim *claim; /* as of xdp_prepare */
    int other_ifindex; /* inline: what the engine doesn't take crosses to this one; 0: single port
                        */
    bool skb;
    bool frags;
    bool fail_closed;     /* without a live socket IP is dropped, also after this process */
    bool other_enters;    /* non-IP goes to the engine too */
    bool complete_ring;   /* checksums that are only the pseudo header's sum are completed in what
                           * goes to the sockets, */
    bool complete_cross;  /* and in what crosses by itself */
    bool put_tags;        /* VLAN tags that are kept aside are put in, where that can be had */
    uint32_t watchdog_ms; /* 0: none */
    enum timestamps timestamps;
    enum xdp_means means;
    struct bypass bypass;
    const struct lists *lists;     /* NULL: none */
    const struct blocked *blocked; /* NULL: nobody is blocked */
    const struct shunted *shunted; /* NULL: no flow is shunted */
    uint32_t tunnels; /* as struct tunnel_options' kinds: those without IP around them enter too */
};

struct redirect;

/* Loads, for xdp_attach to attach; errors as of xdp_prepare. */
int redirect_open(struct redirect **out, const struct redirect_options *options,
                  struct error *error);

/* NULL: tags are put in as asked; else why not. */
const char *redirect_lacks_tags(const struct redirect *redirect);

struct xdp_attachment *redirect_attachment(const struct redirect *redirect);

/* From now on the queue's packets go to that AF_XDP socket. */
int redirect_set_socket(struct redirect *redirect, uint32_t queue, int socket);

/* The queue's packets pass or cross again; those already in the ring stay there. */
int redirect_clear_socket(struct redirect *redirect, uint32_t queue);

/* Where the queue's worker writes the time. NULL where there is no watchdog: not asked for, or the
 * kernel has no clock for it (before 5.6). `redirect` may be NULL. */
uint64_t *redirect_heartbeat(const struct redirect *redirect, uint32_t queue);

/* Keeps the program's clock in step with the workers'. For the main thread, as often as it likes:
 * does something once a second. Takes NULL. */
void redirect_set_clock(struct redirect *redirect);

/* Sums over the CPUs, of `queues` queues from the first on. */
int redirect_read_counters(const struct redirect *redirect, uint32_t first, uint32_t queues,
                           struct redirect_counters *counters);

/* Detaches and frees. Takes NULL. */
void redirect_close(struct redirect *redirect);

/* Frees, and leaves the program where it is if it outlives processes (inline, or fail_closed). */
void redirect_leave(struct redirect *redirect);

#endif
