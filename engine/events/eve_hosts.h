// SPDX-License-Identifier: BSD-2-Clause
/* --eve-hosts on the writer's side: which hosts are at a threshold now, by what all workers tell,
 * so that each is told of once when it gets there and once when it has been below for a whole
 * window. One thread. */
#ifndef AFXDP_EVE_HOSTS_H
#define AFXDP_EVE_HOSTS_H

#include "eve_record.h"

enum { EVE_HOSTS = 4096 /* at a time, a host once for each feature */ };

struct eve_hosts;

/* NULL without memory. */
struct eve_hosts *eve_hosts_new(void);
void eve_hosts_free(struct eve_hosts *hosts); /* takes NULL */

enum eve_hosts_answer {
    EVE_HOSTS_KNOWN, /* it is there since an earlier record */
    EVE_HOSTS_NEW,
    EVE_HOSTS_FULL,
};

/* Which of these the record's host is. A known one's time goes on. */
enum eve_hosts_answer eve_hosts_ask(struct eve_hosts *hosts, const struct eve_record *record);

/* Keeps a new one. */
void eve_hosts_keep(struct eve_hosts *hosts, const struct eve_record *record);

/* The window begins: calls `end` with the record, as it was kept, of each that no packet showed at
 * its threshold in the window before, and keeps it no more. */
void eve_hosts_begin(struct eve_hosts *hosts, uint32_t window,
                     void (*end)(void *context, const struct eve_record *record), void *context);

#endif
