// SPDX-License-Identifier: BSD-2-Clause
/* Sends whole Ethernet frames through an AF_PACKET socket: some 0.3 to 0.8 Mpps a core, spread over
 * the interface's queues by flow, and, on a veth with a queueing discipline, held back rather than
 * dropped when the other end is full. Needs CAP_NET_RAW. */
#ifndef AFXDP_RAW_SENDER_H
#define AFXDP_RAW_SENDER_H

#include <stdbool.h>

#include "error.h"
#include "port.h"

struct raw_sender;

int raw_sender_open(struct raw_sender **out, const char *interface, struct error *error);

/* Sends all frames; waits while the interface is full. Returns how many were sent: fewer after an
 * error, which is then in *status as -errno. `trailers`: each frame gets its time behind it. */
uint32_t raw_sender_send(struct raw_sender *sender, const struct frame *frames, uint32_t count,
                         bool trailers, int *status);

void raw_sender_close(struct raw_sender *sender);

#endif
