// SPDX-License-Identifier: BSD-2-Clause
/* Threads that touch what comes from outside hold no right that they could lend to it. */
#ifndef AFXDP_RIGHTS_H
#define AFXDP_RIGHTS_H

#include <stdint.h>
#include <sys/types.h>

#include "error.h"

struct rights_user {
    char name[64];
    uid_t uid;
    gid_t gid;
};

/* -EINVAL where there is no such user, or it is root. */
int rights_find_user(struct rights_user *user, const char *name, struct error *error);

/* The process becomes that user, with the groups it is in and no_new_privs; the calling thread's
 * capabilities stay as they are, for rights_keep. Before there are other threads. -errno. */
int rights_become(const struct rights_user *user, struct error *error);

/* Takes every capability but those (a bit each, linux/capability.h) from the calling thread, for
 * good: neither it nor what it executes can get one again (no_new_privs), set-user-ID programs
 * included. Other threads keep theirs. Descriptors that are open stay usable. 0 or -errno. */
int rights_keep(uint64_t capabilities);

/* rights_keep none. */
int rights_give_up(void);

/* What loads programs and changes their maps: on kernels before 5.8, CAP_SYS_ADMIN. */
uint64_t rights_for_bpf(void);

/* Those of the calling thread, a bit each. 0 where they can't be read. */
uint64_t rights_effective(void);

#endif
