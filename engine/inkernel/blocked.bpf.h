// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Blocked hosts: who is in the map is blocked. When a block begins and ends is user space's to say
 * (blocked.h). */
#ifndef AFXDP_BLOCKED_BPF_H
#define AFXDP_BLOCKED_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "block_key.h"

/* Not made without blocks. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1);
    __type(key, struct block_key);
    __type(value, __u64);
} blocked_hosts SEC(".maps");

ALWAYS_INLINE bool blocked_has(const struct prefix_address *source)
{
    struct block_key key = block_key_of(source);

    return bpf_map_lookup_elem(&blocked_hosts, &key) != NULL;
}

#endif
