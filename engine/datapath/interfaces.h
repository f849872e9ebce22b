// SPDX-License-Identifier: BSD-2-Clause
/* The interfaces of a run: chosen, checked, set up, and put back. Both datapaths use this. */
#ifndef AFXDP_INTERFACES_H
#define AFXDP_INTERFACES_H

#include "claim.h"
#include "config.h"
#include "nic.h"

enum { FRAME_OVERHEAD = 22 }; /* Ethernet header and two VLAN tags, which an MTU doesn't count */

struct interfaces {
    const struct afxdp_callbacks *say;
    struct nic *nic[2];         /* the second NULL without another port */
    struct xdp_claim *claim[2]; /* theirs */
    uint32_t ports;
    uint32_t queues;     /* that are served on each port */
    bool leaves_queues;  /* there are others, on a single port; set by interfaces_set_up */
    bool follows_queues; /* those that the interface gets later are classified too */
    uint32_t frame_room; /* bytes of a frame that the datapath takes; 0: of any length */
    enum nic_rss rss;    /* of the ports together */
    bool had_carrier[2];
};

/* Opens the interfaces that the options name or imply, claims them, and learns what a killed engine
 * had changed of them; changes nothing. `say` outlives them. interfaces_close follows, also after a
 * failure. */
int interfaces_open(struct interfaces *nics, const struct afxdp_config *config,
                    const struct afxdp_callbacks *say, struct error *error);

/* Checks the queues, and sets channels, promiscuous mode, offloads and RSS. What was changed before
 * a failure is put back by interfaces_close. */
int interfaces_set_up(struct interfaces *nics, const struct afxdp_config *config,
                      struct error *error);

/* After programs are attached and queues bound: many NICs re-link. Warns of a link that doesn't
 * come back. */
void interfaces_wait_carrier(const struct interfaces *nics);

/* 0 while all interfaces are there, else -ENODEV with the name of the one that was removed. */
int interfaces_check(const struct interfaces *nics, struct error *error);

/* Whether programs can send frames to that port; -EOPNOTSUPP where its driver doesn't take them. */
int interfaces_check_target(const struct interfaces *nics, uint32_t port, struct error *error);

/* For a start that failed: warns of the ports that stay shut, because a killed engine with
 * --fail-closed left them so. */
void interfaces_tell_closed(const struct interfaces *nics);

enum interfaces_end {
    INTERFACES_FAILED, /* the start has: back to what it found */
    INTERFACES_ENDED,  /* back to what was before this engine and those that were killed */
    INTERFACES_LEFT,   /* the wire stays open, so the settings stay */
};

/* Of a run that was started, or wasn't. */
enum interfaces_end interfaces_end_of(const struct afxdp_config *config, bool started);

/* After the programs are off; gives the claims back last. */
void interfaces_close(struct interfaces *nics, enum interfaces_end end);

/* Whether packets come in from another interface's stack, as those of a veth and a tap do, with
 * checksums left to be filled in. */
bool interfaces_has_stack_behind(const struct interfaces *nics, uint32_t port);

/* Whether such a stack keeps VLAN tags aside. */
bool interfaces_keeps_tags(const struct interfaces *nics, uint32_t port);

/* What of that is lost when packets leave. */
struct interfaces_lost {
    const char *tags; /* why tags are; NULL: they aren't */
    bool parts;       /* frames come in several buffers, whose checksums aren't completed */
    bool segments;    /* and so are segments that are left to be cut */
};

void interfaces_tell_lost(const struct interfaces *nics, uint32_t port,
                          const struct interfaces_lost *lost);

#endif
