// SPDX-License-Identifier: BSD-2-Clause
/* Threads that touch what comes from outside hold no right that they could lend to it. */
#ifndef AFXDP_RIGHTS_H
#define AFXDP_RIGHTS_H

#include <stdint.h>

/* Takes every capability from the calling thread, for good: neither it nor what it executes can get
 * one again (no_new_privs), set-user-ID programs included. Other threads keep theirs. Descriptors
 * that are open stay usable. 0 or -errno. */
int rights_give_up(void);

/* Those of the calling thread, a bit each (linux/capability.h). 0 where they can't be read. */
uint64_t rights_effective(void);

#endif
