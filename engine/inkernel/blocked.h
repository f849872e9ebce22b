// SPDX-License-Identifier: BSD-2-Clause
/* The map of blocked hosts, which the programs of a datapath share (blocked.bpf.h). */
#ifndef AFXDP_BLOCKED_H
#define AFXDP_BLOCKED_H

#include <bpf/libbpf.h>

#include "block_key.h"
#include "error.h"

struct blocked {
    int map;
};

/* For at most so many hosts. */
int blocked_open(struct blocked *blocked, uint32_t most, struct error *error);

/* The opened object gets it; NULL: it was made without and needs no such map. */
int blocked_share(const struct blocked *blocked, struct bpf_object *object, struct error *error);

/* From now on, or no longer. 0 or -errno. */
int blocked_add(const struct blocked *blocked, const struct block_key *host, uint64_t now);
int blocked_remove(const struct blocked *blocked, const struct block_key *host);

void blocked_close(struct blocked *blocked); /* programs that have it keep it */

#endif
