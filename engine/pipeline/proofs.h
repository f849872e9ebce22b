// SPDX-License-Identifier: BSD-2-Clause
/* Proven sources (proof.h), as workers keep them: handshakes are a worker's own, for both
 * directions of a flow come to it; proofs are shared by all workers. */
#ifndef AFXDP_PROOFS_H
#define AFXDP_PROOFS_H

#include "proof.h"

struct proofs {
    struct flow_seed seed;
    uint64_t host[PROOFS_SIZE];
};

struct handshakes {
    struct proofs *proofs;
    bool two_sides; /* see struct handshake_segment */
    struct handshake flow[HANDSHAKES_SIZE];
};

/* free() them; -ENOMEM, or -EIO without a random key. */
int proofs_new(struct proofs **out);
int handshakes_new(struct handshakes **out, struct proofs *proofs, bool two_sides);

/* A packet of TCP that came in by port `side`. `end` is behind the frame; `hash` and `from_low` are
 * its flow's. */
void handshakes_see(struct handshakes *handshakes, const struct packet *packet, const uint8_t *end,
                    uint64_t hash, bool from_low, uint32_t side, uint64_t now);

/* Whether the packet's source is proven. */
bool proofs_have_source(const struct proofs *proofs, const struct packet *packet, uint64_t now);

#endif
