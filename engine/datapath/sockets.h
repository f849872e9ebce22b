// SPDX-License-Identifier: BSD-2-Clause
/* The AF_XDP side of a run: redirect programs on the ports, and a group of sockets per queue.
 *
 * Order: sockets_load, sockets_bind, wire_attach, sockets_disconnect, sockets_close. */
#ifndef AFXDP_SOCKETS_H
#define AFXDP_SOCKETS_H

#include "losses.h"
#include "pass.h"
#include "wire.h"

struct sockets {
    uint32_t ports;
    uint32_t queues;
    struct wire wire;
    struct redirect *redirect[2];
    struct pass *pass;     /* on a second port that only sends */
    struct losses *losses; /* on the way across; NULL where the kernel doesn't tell */
    struct xsk_group *group[REDIRECT_QUEUES_MAX];
    uint32_t frame_size;
    bool multi_buffer;
};

/* Loads the programs for the claimed ports. `other_enters`: non-IP comes through the ring too.
 * `lists`: of --allow and --deny, `blocked`: hosts, `shunted`: flows; NULL:
 * none.
 * sockets_close follows, also after a failure. */
int sockets_load(struct sockets *sockets, const struct interfaces *nics,
                 const struct afxdp_config *config, bool other_enters, const struct lists *lists,
                 const struct blocked *blocked, const struct shunted *shunted, struct error *error);

/* Bytes of packet memory that each queue is going to take, after sockets_load. */
uint64_t sockets_queue_bytes(const struct sockets *sockets, const struct interfaces *nics,
                             const struct afxdp_config *config);

/* Binds the sockets and hands them the queues; packets reach them once the wire is attached. */
int sockets_bind(struct sockets *sockets, const struct interfaces *nics,
                 const struct afxdp_config *config, struct error *error);

/* New packets pass or cross; those in the rings can still be received. */
void sockets_disconnect(struct sockets *sockets);

/* Bytes of a frame that fit into the chunks that were bound; 0: it takes as many as it needs. */
uint32_t sockets_frame_room(const struct sockets *sockets, const struct interfaces *nics);

/* "zerocopy", "copy" or "skb": what all sockets have. */
const char *sockets_mode(const struct sockets *sockets);

/* Detaches, then closes. `leave`: programs that stay are left, and packets keep crossing. */
void sockets_close(struct sockets *sockets, bool leave);

#endif
