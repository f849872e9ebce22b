// SPDX-License-Identifier: BSD-2-Clause
/* Traffic that the engine never touches (--bypass): the one rule, for every program (BPF-safe). */
#ifndef AFXDP_BYPASS_H
#define AFXDP_BYPASS_H

#include "packet.h"

enum { BYPASS_MAX = 16 };

/* IP packets of this protocol from or to this port. */
struct bypass_service {
    uint16_t port; /* 0: any */
    uint8_t protocol;
    uint8_t zero;
};

struct bypass {
    uint32_t count;
    struct bypass_service service[BYPASS_MAX];
};

/* Whether a service is meant by protocol and port. */
ALWAYS_INLINE bool bypass_names(const volatile struct bypass *bypass, const struct packet *packet)
{
    for (uint32_t i = 0; i < BYPASS_MAX && i < bypass->count; i++) {
        uint16_t port = bypass->service[i].port;

        if (bypass->service[i].protocol == packet->protocol &&
            (port == 0 || port == packet->source_port || port == packet->destination_port))
            return true;
    }
    return false;
}

#endif
