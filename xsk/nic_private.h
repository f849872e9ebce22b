// SPDX-License-Identifier: BSD-2-Clause
/* What the parts of a struct nic do for nic_open and nic_close. Private to nic*.c. */
#ifndef AFXDP_NIC_PRIVATE_H
#define AFXDP_NIC_PRIVATE_H

#include "nic.h"

/* Sets "NAME: cannot WHAT: why" and returns `status`. */
int nic_refused(const struct nic *nic, int status, const char *what, struct error *error);

void nic_read_channels(struct nic *nic);
int nic_restore_channels(struct nic *nic, struct error *error);
void nic_restore_offloads(struct nic *nic);
void nic_restore_busy_poll(struct nic *nic);
void nic_restore_rss(struct nic *nic);

#endif
