// SPDX-License-Identifier: BSD-2-Clause
/* What a worker does about blocks: it watches who proves to receive packets, and tells the thread
 * that blocks of each offence. No system call, no lock. */
#ifndef AFXDP_ACCUSER_H
#define AFXDP_ACCUSER_H

#include "block_key.h"
#include "policy.h"
#include "proofs.h"
#include "worker_ring.h"

struct burst;

struct accuser {
    struct worker_ring *ring;      /* of offences */
    struct handshakes *handshakes; /* NULL: nobody has to be proven */
    uint64_t unproven;             /* offences of sources that weren't; the worker writes */
};

/* A burst whose actions are decided; it came in by port `side` of a wire. An offence is a packet of
 * a class with a block from the initiator of its flow: whoever answers an attack is no attacker. */
void accuser_see(struct accuser *accuser, const struct burst *burst, const struct policy *policy,
                 uint32_t side);

#endif
