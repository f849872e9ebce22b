// SPDX-License-Identifier: BSD-2-Clause
/* Sends synthetic frames from within the kernel: BPF_PROG_TEST_RUN with live frames (kernel 5.18),
 * each redirected into the interface. 3 to 4 Mpps into a veth whose peer runs a program. All go to
 * the queue of the sending CPU. Needs CAP_BPF and CAP_NET_ADMIN. */
#ifndef AFXDP_LIVE_SENDER_H
#define AFXDP_LIVE_SENDER_H

#include "error.h"
#include "synthetic.h"

struct live_sender;

/* `rate`: frames a second, 0: as fast as it goes. The program keeps it, frame by frame: when one
 * comes late, the next ones follow at once until they are in time again. */
int live_sender_open(struct live_sender **out, const char *interface,
                     const struct synthetic_options *options, uint64_t rate, struct error *error);

/* Sends frames until options->count are sent or for a few seconds. 0 or -errno. Frames that the
 * interface had no room for are lost and counted by it alone (tx_dropped). */
int live_sender_send(struct live_sender *sender);

/* Frames sent so far. */
uint64_t live_sender_sent(const struct live_sender *sender);

/* ns that the frames took at a given rate, less what it takes to begin and to end; 0 without one.
 */
uint64_t live_sender_took(const struct live_sender *sender);

void live_sender_close(struct live_sender *sender);

#endif
