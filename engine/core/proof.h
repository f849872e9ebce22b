// SPDX-License-Identifier: BSD-2-Clause
/* Which hosts receive what is sent to their addresses (BPF-safe): whoever acknowledges the other
 * side's number in a TCP handshake has read it. A spoofed source can't, however many packets it
 * sends.
 *
 *     SYN, number a ─► SYN+ACK, number b, acknowledges a + 1: the responder is proven
 *                      ACK, acknowledges b + 1:               the initiator is proven
 *
 * On a wire the two have to come in by its two ends: else whoever can send with any source could
 * play both sides. On a single port that isn't to be told.
 *
 * Other protocols prove nothing here: their answers hold no number that a stranger has to know.
 * Handshakes and proofs lie in bounded tables by a keyed hash; who comes later takes the place, and
 * a proof that is lost is made again by the next handshake. A proof is one word. */
#ifndef AFXDP_PROOF_H
#define AFXDP_PROOF_H

#include "flow_table.h"
#include "packet_details.h"

enum {
    PROOFS_SIZE = 1 << 17,     /* hosts */
    HANDSHAKES_SIZE = 1 << 14, /* flows that are between SYN and ACK */
    PROOF_SECONDS = 60,
    PROOF_TIME_SHIFT = 30, /* a word: 48 bits of the host's hash, the time in 2^30 ns; 0: free */
    PROOF_TIME_BITS = 16,
    HANDSHAKE_HEADER = 14, /* bytes of TCP's that are read */
};

struct handshake {
    uint32_t tag;     /* of the flow's hash */
    uint32_t syn;     /* what acknowledges it */
    uint32_t syn_ack; /* likewise */
    uint8_t from_low; /* who is to send the SYN+ACK */
    uint8_t answered; /* there was one */
    uint8_t side;     /* by which port the SYN came in */
};

/* What a packet of TCP tells of its flow's handshake. */
struct handshake_segment {
    uint32_t tag;
    uint32_t number;
    uint32_t acknowledged;
    uint8_t flags;
    uint8_t from_low;
    uint8_t side;
    uint8_t two_sides; /* packets come in by two ports, of which each leads to other hosts */
};

/* Of the packet's source, whose place in the table it is, too. */
ALWAYS_INLINE uint64_t proof_hash(const struct flow_seed *seed, const struct packet *packet)
{
    const struct flow_key key = {.low_address = {packet->source[0], packet->source[1]},
                                 .high_address = {0, 0},
                                 .rest = packet->version};

    return flow_hash(seed, &key);
}

ALWAYS_INLINE uint64_t proof_word(uint64_t hash, uint64_t now)
{
    return hash >> PROOF_TIME_BITS << PROOF_TIME_BITS | (uint16_t)(now >> PROOF_TIME_SHIFT);
}

/* Whether a place's word proves the host with this hash. */
ALWAYS_INLINE bool proof_holds(uint64_t word, uint64_t hash, uint64_t now)
{
    uint16_t age = (uint16_t)((now >> PROOF_TIME_SHIFT) - word);

    return word != 0 && (word ^ hash) >> PROOF_TIME_BITS == 0 && age <= PROOF_SECONDS;
}

/* What TCP's header says; false: too little of it is there. */
ALWAYS_INLINE bool handshake_read(struct handshake_segment *segment, const uint8_t *header,
                                  const uint8_t *end)
{
    if (header + HANDSHAKE_HEADER > end)
        return false;
    segment->number = __builtin_bswap32(load_wire32(header + 4));
    segment->acknowledged = __builtin_bswap32(load_wire32(header + 8));
    segment->flags = header[13] & (TCP_SYN | TCP_ACK | TCP_RST);
    return true;
}

/* Whether the packet proves its source. `flow`: what lies at its flow's place. */
ALWAYS_INLINE bool handshake_see(struct handshake *flow, const struct handshake_segment *segment)
{
    bool known = flow->tag == segment->tag;
    bool same_side = flow->side == segment->side || !segment->two_sides;
    bool other_side = flow->side != segment->side || !segment->two_sides;

    if (segment->flags == TCP_SYN) {
        *flow = (struct handshake){.tag = segment->tag,
                                   .syn = segment->number + 1,
                                   .from_low = !segment->from_low,
                                   .side = segment->side};
        return false;
    }
    if (segment->flags == (TCP_SYN | TCP_ACK)) {
        if (!known || flow->from_low != segment->from_low || !other_side ||
            segment->acknowledged != flow->syn)
            return false;
        flow->syn_ack = segment->number + 1;
        flow->answered = 1;
        return true;
    }
    if (segment->flags != TCP_ACK || !known || !flow->answered ||
        flow->from_low == segment->from_low || !same_side || segment->acknowledged != flow->syn_ack)
        return false;
    flow->tag = ~segment->tag;
    return true;
}

#endif
