// SPDX-License-Identifier: BSD-2-Clause
/* The AF_XDP side of a run: redirect programs on the ports, and a group of sockets per queue. */
#ifndef AFXDP_LIVE_SOCKETS_H
#define AFXDP_LIVE_SOCKETS_H

#include "live_nics.h"
#include "losses.h"
#include "pass.h"

struct live_sockets {
    uint32_t ports;
    uint32_t queues;
    bool stays; /* the programs outlive a process that is killed */
    struct redirect *redirect[2];
    struct pass *pass;     /* on a second port that only sends */
    struct losses *losses; /* on the way across; NULL where the kernel doesn't tell */
    struct xsk_group *group[REDIRECT_QUEUES_MAX];
    uint32_t frame_size;
    bool multi_buffer;
};

/* Attaches the programs and binds the sockets; no packet reaches these yet. `other_enters`: non-IP
 * comes through the ring too. */
int live_sockets_open(struct live_sockets *sockets, const struct live_nics *nics,
                      const struct live_options *options, bool other_enters, struct error *error);

/* Packets flow to the sockets from here on. */
int live_sockets_connect(struct live_sockets *sockets, struct error *error);

/* New packets pass or cross; those in the rings can still be received. */
void live_sockets_disconnect(struct live_sockets *sockets);

/* "zerocopy", "copy" or "skb": what all sockets have. */
const char *live_sockets_mode(const struct live_sockets *sockets);

/* Detaches, then closes. `leave`: programs that stay are left, and packets keep crossing. */
void live_sockets_close(struct live_sockets *sockets, bool leave);

#endif
