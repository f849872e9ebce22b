// SPDX-License-Identifier: BSD-2-Clause
/* Sends synthetic frames from within the kernel: BPF_PROG_TEST_RUN with live frames (kernel 5.18),
 * each redirected into the interface. 3 to 4 Mpps into a veth whose peer runs a program. All go to
 * the queue of the sending CPU. Needs CAP_BPF and CAP_NET_ADMIN. */
#ifndef AFXDP_LIVE_SENDER_H
#define AFXDP_LIVE_SENDER_H

#include "error.h"
#include "synthetic.h"

struct live_sender;

int live_sender_open(struct live_sender **out, const char *interface,
                     const struct synthetic_options *options, struct error *error);

/* Sends the next `count` frames. 0 or -errno. Frames that the interface had no room for are lost
 * and counted by it alone (tx_dropped). */
int live_sender_send(struct live_sender *sender, uint32_t count);

void live_sender_close(struct live_sender *sender);

#endif
