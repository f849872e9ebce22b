// SPDX-License-Identifier: BSD-2-Clause
/* The claim of an interface by one engine: a locked file in the run folder, named after the network
 * namespace and the interface's index, so that it follows a rename. The kernel drops the lock when
 * the process ends, however it ends. Beside the lock lies what is to be remembered of the interface
 * even then.
 *
 *     /run/afxdp-engine/4026531840-7           the lock, the holder's process number in it
 *     /run/afxdp-engine/4026531840-7.settings  what its next clean end has to put back
 *     /run/afxdp-engine/4026531840-7.control   where the holder listens, if it does
 *
 * An engine that has become another user may not look into the folder any more: its lock and its
 * socket are then left, which nobody is kept by, and what is to be remembered is written where it
 * lies. Whoever changes an interface holds its claim. One thread at a time. */
#ifndef AFXDP_CLAIM_H
#define AFXDP_CLAIM_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"

struct xdp_claim;

#define XDP_CLAIM_CONTROL ".control" /* ending of the control socket's name */

/* -EBUSY with the holder's process number when another engine, or another claim of this process,
 * has the interface; -EPERM and others of run_folder_open. Claims whose interface is gone from this
 * network namespace are cleared away. */
int xdp_claim_open(struct xdp_claim **out, int ifindex, struct error *error);

/* Gives the interface free. What is remembered stays. Takes NULL. */
void xdp_claim_close(struct xdp_claim *claim);

int xdp_claim_ifindex(const struct xdp_claim *claim);

/* Keeps the text, in place of what was remembered, whole or not at all: it is there when this
 * returns 0, and survives the process (written where it lies, it may be cut off by a crash). `text`
 * NULL: there is nothing more to remember. */
int xdp_claim_remember(struct xdp_claim *claim, const char *text);

/* What is remembered; free() it. NULL when nothing is. It counts as a stranger's: -EPERM when it
 * isn't a plain file that only root or the caller's user can write, -EFBIG above `most` bytes,
 * -EINVAL with a NUL in it, others of open and read. */
int xdp_claim_recall(struct xdp_claim *claim, char **text, size_t most, struct error *error);

/* Where that is, for messages. */
void xdp_claim_path(const struct xdp_claim *claim, char *path, size_t size);

/* Names of this network namespace and interface, "NAMESPACE-INDEX", and back again. */
void xdp_claim_name(char *name, size_t size, int ifindex);

/* Whether a name of the above is of an interface that is gone from this network namespace; false
 * for one of another. */
bool xdp_claim_is_stale(const char *name);

#endif
