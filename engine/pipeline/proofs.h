// SPDX-License-Identifier: BSD-2-Clause
/* Which hosts receive what is sent to their addresses: whoever acknowledges the other side's number
 * in a TCP handshake has read it. A spoofed source can't, however many packets it sends.
 *
 *     SYN, number a ─► SYN+ACK, number b, acknowledges a + 1: the responder is proven
 *                      ACK, acknowledges b + 1:               the initiator is proven
 *
 * On a wire the two have to come in by its two ends: else whoever can send with any source could
 * play both sides. On a single port that isn't to be told.
 *
 * Other protocols prove nothing here: their answers hold no number that a stranger has to know.
 * Handshakes are a worker's own, for both directions of a flow come to it; proofs are shared by all
 * workers, one word each, and hold for PROOF_SECONDS. Both tables are bounded; who pushes out whom
 * is up to a keyed hash, and a proof that is lost is made again by the next handshake. */
#ifndef AFXDP_PROOFS_H
#define AFXDP_PROOFS_H

#include "flow_table.h"

enum {
    PROOFS_SIZE = 1 << 17,     /* hosts */
    HANDSHAKES_SIZE = 1 << 14, /* flows that are between SYN and ACK */
    PROOF_SECONDS = 60,
};

struct proofs {
    struct flow_seed seed;
    uint64_t host[PROOFS_SIZE]; /* 48 bits of the host's hash, the time in 2^30 ns; 0: free */
};

struct handshake {
    uint32_t tag;     /* of the flow's hash */
    uint32_t syn;     /* what acknowledges it */
    uint32_t syn_ack; /* likewise */
    uint8_t from_low; /* who is to send the SYN+ACK */
    uint8_t answered; /* there was one */
    uint8_t side;     /* by which port the SYN came in */
};

struct handshakes {
    struct proofs *proofs;
    bool two_sides; /* packets come in by two ports, of which each leads to other hosts */
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
