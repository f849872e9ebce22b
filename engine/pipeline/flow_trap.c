// SPDX-License-Identifier: BSD-2-Clause
#include "flow_trap.h"

#include <string.h>

static void look(struct burst_observer *observer, const struct burst *burst)
{
    struct flow_trap *trap = (struct flow_trap *)observer;
    uint32_t ip = 0;

    while (ip < burst->ip_count && !flow_key_equal(&burst->keys[ip], &trap->key))
        ip++;
    if (ip == burst->ip_count || trap->caught)
        return;
    trap->feature_count = burst->feature_count;
    memcpy(trap->features, burst_features(burst, ip), burst->feature_count * sizeof(uint32_t));
    trap->verdict = burst->verdicts[ip];
    trap->slot = burst->slot[burst->place[ip]];
    trap->packets = burst->flows[ip]->packets;
    __atomic_store_n(&trap->caught, true, __ATOMIC_RELEASE);
}

void flow_trap_set(struct flow_trap *trap, const struct flow_key *key)
{
    *trap = (struct flow_trap){.observer.observe = look, .key = *key};
}

bool flow_trap_has_caught(const struct flow_trap *trap)
{
    return __atomic_load_n(&trap->caught, __ATOMIC_ACQUIRE);
}
