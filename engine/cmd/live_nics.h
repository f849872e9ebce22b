// SPDX-License-Identifier: BSD-2-Clause
/* The interfaces of a run: chosen, checked, set up, and put back. Both datapaths use this. */
#ifndef AFXDP_LIVE_NICS_H
#define AFXDP_LIVE_NICS_H

#include "live_options.h"
#include "nic.h"

struct live_nics {
    struct nic *nic[2]; /* the second NULL without another port */
    uint32_t ports;
    uint32_t queues;  /* that are served on each port */
    enum nic_rss rss; /* of the ports together */
    bool had_carrier[2];
};

/* Opens the interfaces that the options name or imply, checks the queues, and sets promiscuous
 * mode, offloads, channels and RSS. Says on stderr what the user should know. On failure nothing
 * stays changed. */
int live_nics_open(struct live_nics *nics, const struct live_options *options, struct error *error);

/* Whether the ports form a wire that stays open without the engine. */
bool live_is_inline(const struct live_options *options);

/* After programs are attached and queues bound: many NICs re-link. Complains about a link that
 * doesn't come back. */
void live_nics_wait_carrier(const struct live_nics *nics);

/* 0 while all interfaces are there, else -ENODEV with the name of the one that was removed. */
int live_nics_check(const struct live_nics *nics, struct error *error);

/* Whether programs can send frames to that port; -EOPNOTSUPP where its driver doesn't take them. */
int live_nics_check_target(const struct live_nics *nics, uint32_t port, struct error *error);

/* `keep`: the wire stays open, so the settings stay. */
void live_nics_close(struct live_nics *nics, bool keep);

#endif
