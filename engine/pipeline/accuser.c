// SPDX-License-Identifier: BSD-2-Clause
#include "accuser.h"

#include "address_lists.h"
#include "pipeline.h"

static void accuse(struct accuser *accuser, const struct packet *packet, uint64_t now,
                   uint32_t seconds)
{
    struct packet bare = *packet;
    struct address_pair pair;

    if (accuser->handshakes && !proofs_have_source(accuser->handshakes->proofs, packet, now)) {
        stats_add(&accuser->unproven, 1);
        return;
    }
    tunnel_unmark(&bare); /* the program in front of the ring doesn't know of it */
    (void)address_pair_of(&pair, &bare);
    const struct offence offence = {
        .source = block_key_of(&pair.source), .time = now, .seconds = seconds};
    worker_ring_put(accuser->ring, &offence, sizeof(offence));
}

void accuser_see(struct accuser *accuser, const struct burst *burst, const struct policy *policy,
                 uint32_t side)
{
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        const struct frame *frame = &burst->frames[burst->place[i]];
        const struct packet *packet = &burst->packets[i];
        uint32_t seconds = policy->block_seconds[burst->slot[burst->place[i]]];

        if (accuser->handshakes && packet->protocol == PROTOCOL_TCP)
            handshakes_see(accuser->handshakes, packet, frame->data + frame->length,
                           burst->hashes[i], burst->from_low[i], side, frame->time);
        if (seconds && burst_features(burst, i)[FEATURE_DIRECTION])
            accuse(accuser, packet, frame->time, seconds);
    }
}
