// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* limit:N inside XDP: as engine/pipeline/class_limits.h says, but in a map that the kernel bounds,
 * and without compare-and-swap, which a kernel before 5.12 doesn't have. */
#ifndef AFXDP_PATH_LIMITS_BPF_H
#define AFXDP_PATH_LIMITS_BPF_H

#include "path_abi.h"

/* Packets that were let through, by class, destination and second; who was asked for least recently
 * gives way. Not made without limits. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, PATH_LIMITED);
    __type(key, struct path_limited);
    __type(value, __u64);
} path_limits SEC(".maps");

/* Whether the packet is within its class's limit. Two CPUs may take the last token at once: at most
 * as many packets more go on in a second as there are other CPUs. */
ALWAYS_INLINE bool path_is_within(const struct path_work *work, uint32_t slot, uint32_t most)
{
    const struct path_limited key = {
        .destination = {work->packet.destination[0], work->packet.destination[1]},
        .second = work->now / PATH_SECOND_NS,
        .slot = slot,
        .realm = flow_key_realm(&work->key),
    };
    uint64_t *taken = bpf_map_lookup_elem(&path_limits, &key);

    if (!taken) {
        uint64_t none = 0;

        bpf_map_update_elem(&path_limits, &key, &none, BPF_NOEXIST);
        taken = bpf_map_lookup_elem(&path_limits, &key);
        if (!taken)
            return true; /* no room: nobody is held up for that */
    }
    if (*(volatile uint64_t *)taken >= most)
        return false;
    __sync_fetch_and_add(taken, 1);
    return true;
}

/* The same as a function of its own, which the verifier walks once and not once for each way to it.
 * Not for programs that make tail calls, nor for one with spliced code. */
__attribute__((noinline)) int limits_ask(struct xdp_md *context, uint32_t slot, uint32_t most)
{
    if (!path_options.limits)
        return 1; /* verifiers before 6.8 walk it uncalled, too, and its map isn't made then */
    const struct path_cpu *cpu = path_cpu(context);

    return !cpu || path_is_within(&cpu->work, slot, most);
}

#endif
