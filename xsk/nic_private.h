// SPDX-License-Identifier: BSD-2-Clause
/* What the parts of a struct nic do for each other. Private to nic*.c. */
#ifndef AFXDP_NIC_PRIVATE_H
#define AFXDP_NIC_PRIVATE_H

#include "nic.h"
#include "nic_settings.h"

/* Sets "NAME: cannot WHAT: why" and returns `status`. */
int nic_refused(const struct nic *nic, int status, const char *what, struct error *error);

void nic_read_channels(struct nic *nic);

/* One setting as text (nic_settings.h); free() it. 0 or -errno, -EOPNOTSUPP and others where the
 * interface hasn't got it. */
int nic_read(const struct nic *nic, enum nic_setting which, char **value);
int nic_write(const struct nic *nic, enum nic_setting which, const char *value);

/* Keeps what the setting is, and that `value` comes in its place: before each nic_write, so that
 * what is changed can be put back however this process ends. 1: it is that value already. -errno
 * with words. */
int nic_remember(struct nic *nic, enum nic_setting which, const char *value, struct error *error);

/* Both; 0 when the setting is that value now. */
int nic_set(struct nic *nic, enum nic_setting which, const char *value, struct error *error);

/* For nic_close and nic_revert: everything, or what this process has changed alone. -errno with
 * what couldn't be put back, which stays remembered. */
int nic_put_back(struct nic *nic, bool all, struct error *error);

/* Allocates and prints; 0 or -ENOMEM. */
int nic_text(char **out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The ways of single settings, for nic_read and nic_write. */
int nic_read_promiscuous(const struct nic *nic, enum nic_setting which, char **value);
int nic_write_promiscuous(const struct nic *nic, enum nic_setting which, const char *value);
void nic_open_busy_poll(struct nic *nic); /* what can't be opened is found anew each time */
void nic_close_busy_poll(struct nic *nic);
int nic_read_busy_poll(const struct nic *nic, enum nic_setting which, char **value);
int nic_write_busy_poll(const struct nic *nic, enum nic_setting which, const char *value);
int nic_read_offload(const struct nic *nic, enum nic_setting which, char **value);
int nic_write_offload(const struct nic *nic, enum nic_setting which, const char *value);
int nic_read_channel_counts(const struct nic *nic, enum nic_setting which, char **value);
int nic_write_channel_counts(const struct nic *nic, enum nic_setting which, const char *value);
int nic_read_rss_key(const struct nic *nic, enum nic_setting which, char **value);
int nic_write_rss_key(const struct nic *nic, enum nic_setting which, const char *value);
int nic_read_rss_table(const struct nic *nic, enum nic_setting which, char **value);
int nic_write_rss_table(const struct nic *nic, enum nic_setting which, const char *value);
int nic_read_rss_fields(const struct nic *nic, enum nic_setting which, char **value);
int nic_write_rss_fields(const struct nic *nic, enum nic_setting which, const char *value);

/* Whether each of `queues` queues has as many entries in a table of nic_read: in turn, or in
 * blocks, as drivers fill it. */
bool nic_rss_table_is_even(const char *table, uint32_t queues);

#endif
