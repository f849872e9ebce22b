// SPDX-License-Identifier: BSD-2-Clause
/* The map of shunted flows, which the programs of a datapath share (shunted.bpf.h). */
#ifndef AFXDP_SHUNTED_H
#define AFXDP_SHUNTED_H

#include <bpf/libbpf.h>

#include "error.h"
#include "shunt.h"

struct shunted {
    int map;
    uint64_t every; /* the last of so many packets is judged, */
    uint64_t ns;    /* and one so long after; so long a silence ends a shunt */
};

/* For at most so many flows; then the least recent gives way. The rest of `shunted` is set. */
int shunted_open(struct shunted *shunted, uint32_t most, struct error *error);

/* The opened object gets it; NULL: it was made without and needs no such map. */
int shunted_share(const struct shunted *shunted, struct bpf_object *object, struct error *error);

/* From now on. 0, -EEXIST where it is already, or -errno. */
int shunted_add(const struct shunted *shunted, const struct flow_key *flow, uint64_t now);

/* No longer. 0, -ENOENT, or -errno. */
int shunted_remove(const struct shunted *shunted, const struct flow_key *flow);

/* How many are in the map: walks it. */
uint64_t shunted_count(const struct shunted *shunted);

void shunted_close(struct shunted *shunted); /* programs that have it keep it */

#endif
