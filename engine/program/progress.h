// SPDX-License-Identifier: BSD-2-Clause
/* How far it has come, on a terminal's last line. Where standard error is none, nothing is shown.
 */
#ifndef AFXDP_PROGRESS_H
#define AFXDP_PROGRESS_H

#include <stdint.h>

/* Bytes read and to read, packets so far; shown a few times a second, and from half a second on. */
void progress_bytes(uint64_t done, uint64_t size, uint64_t packets);

/* The same of captures. */
void progress_items(uint64_t done, uint64_t count);

/* Takes the line away, for what is printed next. */
void progress_clear(void);

/* Shows nothing in this process from here on: another's line is there. */
void progress_leave(void);

#endif
