// SPDX-License-Identifier: BSD-2-Clause
#include "proofs.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

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

bool proofs_have_source(const struct proofs *proofs, const struct packet *packet, uint64_t now)
{
    uint64_t hash = proof_hash(&proofs->seed, packet);

    return proof_holds(__atomic_load_n(&proofs->host[hash % PROOFS_SIZE], __ATOMIC_RELAXED), hash,
                       now);
}

void handshakes_see(struct handshakes *handshakes, const struct packet *packet, const uint8_t *end,
                    uint64_t hash, bool from_low, uint32_t side, uint64_t now)
{
    struct proofs *proofs = handshakes->proofs;
    struct handshake_segment segment = {.tag = (uint32_t)(hash >> 32),
                                        .from_low = from_low,
                                        .side = (uint8_t)side,
                                        .two_sides = handshakes->two_sides};

    if (!handshake_read(&segment, end - packet->seen, end) ||
        !handshake_see(&handshakes->flow[hash % HANDSHAKES_SIZE], &segment))
        return;
    uint64_t host = proof_hash(&proofs->seed, packet);
    __atomic_store_n(&proofs->host[host % PROOFS_SIZE], proof_word(host, now), __ATOMIC_RELAXED);
}
