// SPDX-License-Identifier: BSD-2-Clause
#include "proofs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "packet_details.h"

enum { TIME_SHIFT = 30, TIME_BITS = 16, HEADER_LEAST = 14 };

int proofs_new(struct proofs **out)
{
    struct proofs *proofs = calloc(1, sizeof(*proofs));
    uint64_t key;

    if (!proofs)
        return -ENOMEM;
    if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
        free(proofs);
        return -EIO;
    }
    flow_seed_make(&proofs->seed, key);
    *out = proofs;
    return 0;
}

int handshakes_new(struct handshakes **out, struct proofs *proofs, bool two_sides)
{
    struct handshakes *handshakes = calloc(1, sizeof(*handshakes));

    if (!handshakes)
        return -ENOMEM;
    handshakes->proofs = proofs;
    handshakes->two_sides = two_sides;
    *out = handshakes;
    return 0;
}

static uint64_t hash_of_source(const struct proofs *proofs, const struct packet *packet)
{
    const struct flow_key key = {.low_address = {packet->source[0], packet->source[1]},
                                 .high_address = {0, 0},
                                 .rest = packet->version};

    return flow_hash(&proofs->seed, &key);
}

static uint64_t word_of(uint64_t hash, uint64_t now)
{
    return hash >> TIME_BITS << TIME_BITS | (uint16_t)(now >> TIME_SHIFT);
}

static void prove_source(struct proofs *proofs, const struct packet *packet, uint64_t now)
{
    uint64_t hash = hash_of_source(proofs, packet);

    __atomic_store_n(&proofs->host[hash % PROOFS_SIZE], word_of(hash, now), __ATOMIC_RELAXED);
}

bool proofs_have_source(const struct proofs *proofs, const struct packet *packet, uint64_t now)
{
    uint64_t hash = hash_of_source(proofs, packet);
    uint64_t word = __atomic_load_n(&proofs->host[hash % PROOFS_SIZE], __ATOMIC_RELAXED);
    uint16_t age = (uint16_t)((now >> TIME_SHIFT) - word);

    return word != 0 && (word ^ hash) >> TIME_BITS == 0 && age <= PROOF_SECONDS;
}

void handshakes_see(struct handshakes *handshakes, const struct packet *packet, const uint8_t *end,
                    uint64_t hash, bool from_low, uint32_t side, uint64_t now)
{
    struct handshake *flow = &handshakes->flow[hash % HANDSHAKES_SIZE];
    const uint8_t *header = end - packet->seen;
    uint32_t tag = (uint32_t)(hash >> 32);

    if (packet->seen < HEADER_LEAST)
        return;
    uint32_t number = __builtin_bswap32(load_wire32(header + 4));
    uint32_t acknowledged = __builtin_bswap32(load_wire32(header + 8));
    bool known = flow->tag == tag;
    bool same_side = flow->side == side || !handshakes->two_sides;
    bool other_side = flow->side != side || !handshakes->two_sides;

    switch (header[13] & (TCP_SYN | TCP_ACK | TCP_RST)) {
    case TCP_SYN:
        *flow = (struct handshake){
            .tag = tag, .syn = number + 1, .from_low = !from_low, .side = (uint8_t)side};
        break;
    case TCP_SYN | TCP_ACK:
        if (!known || flow->from_low != from_low || !other_side || acknowledged != flow->syn)
            break;
        flow->syn_ack = number + 1;
        flow->answered = true;
        prove_source(handshakes->proofs, packet, now);
        break;
    case TCP_ACK:
        if (!known || !flow->answered || flow->from_low == from_low || !same_side ||
            acknowledged != flow->syn_ack)
            break;
        flow->tag = ~tag;
        prove_source(handshakes->proofs, packet, now);
        break;
    default:
        break;
    }
}
