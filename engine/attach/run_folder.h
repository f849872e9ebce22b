// SPDX-License-Identifier: BSD-2-Clause
/* The folder in which engines keep what belongs to a run: claims, and what a killed engine would
 * have put back. Nobody but root (or the user the engine runs as) can put a file there, take one
 * away or hold one: a lock in it can't be taken by a stranger. */
#ifndef AFXDP_RUN_FOLDER_H
#define AFXDP_RUN_FOLDER_H

#include <stdbool.h>
#include <sys/stat.h>

#include "error.h"

#define RUN_FOLDER "/run/afxdp-engine"

/* The folder's descriptor; made with mode 0700 where it isn't there. -EPERM with words when it
 * belongs to somebody else, is writable by others or is no folder, a symbolic link included; other
 * -errno when it can't be made. */
int run_folder_open(struct error *error);

/* Whether only root and the caller's effective user can change what is in the folder. */
bool run_folder_is_safe(const struct stat *folder);

/* Whether others can't move what the caller owns in the folder. */
bool run_folder_is_sticky_or_safe(const struct stat *folder);

#endif
