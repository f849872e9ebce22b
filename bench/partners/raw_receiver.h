// SPDX-License-Identifier: BSD-2-Clause
/* Packets of an interface by AF_PACKET with a TPACKET_V3 ring, as a source for a pipeline: the
 * fastest a raw socket gets, blocks of packets without a system call for each. VLAN tags that the
 * kernel has taken off stay off. One thread; needs CAP_NET_RAW. */
#ifndef AFXDP_RAW_RECEIVER_H
#define AFXDP_RAW_RECEIVER_H

#include "afxdp_engine.h"
#include "error.h"

struct raw_receiver;

/* `source` is then to be given to a pipeline. -errno of socket, bind and mmap. */
int raw_receiver_open(struct raw_receiver **out, const char *interface, struct afxdp_source *source,
                      struct error *error);

/* Until there are packets, a signal comes or `timeout_ms` have passed. 0 or -errno. */
int raw_receiver_wait(struct raw_receiver *receiver, int timeout_ms);

/* Packets so far that found no room in the ring. */
uint64_t raw_receiver_lost(struct raw_receiver *receiver);

void raw_receiver_close(struct raw_receiver *receiver); /* takes NULL */

#endif
