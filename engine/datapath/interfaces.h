// SPDX-License-Identifier: BSD-2-Clause
/* The interfaces of a run: chosen, checked, set up, and put back. Both datapaths use this. */
#ifndef AFXDP_INTERFACES_H
#define AFXDP_INTERFACES_H

#include "config.h"
#include "nic.h"

struct interfaces {
    const struct afxdp_callbacks *say;
    struct nic *nic[2]; /* the second NULL without another port */
    uint32_t ports;
    uint32_t queues;  /* that are served on each port */
    enum nic_rss rss; /* of the ports together */
    bool had_carrier[2];
};

/* Opens the interfaces that the options name or imply, and changes nothing. `say` outlives them. */
int interfaces_open(struct interfaces *nics, const struct afxdp_config *config,
                    const struct afxdp_callbacks *say, struct error *error);

/* Checks the queues, and sets channels, promiscuous mode, offloads and RSS. The ports are claimed
 * already: another engine's settings are none of ours. What was changed before a failure is put
 * back by interfaces_close. */
int interfaces_set_up(struct interfaces *nics, const struct afxdp_config *config,
                      struct error *error);

/* After programs are attached and queues bound: many NICs re-link. Warns of a link that doesn't
 * come back. */
void interfaces_wait_carrier(const struct interfaces *nics);

/* 0 while all interfaces are there, else -ENODEV with the name of the one that was removed. */
int interfaces_check(const struct interfaces *nics, struct error *error);

/* Whether programs can send frames to that port; -EOPNOTSUPP where its driver doesn't take them. */
int interfaces_check_target(const struct interfaces *nics, uint32_t port, struct error *error);

/* `keep`: the wire stays open, so the settings stay. */
void interfaces_close(struct interfaces *nics, bool keep);

#endif
