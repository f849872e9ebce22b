// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The lists of --allow and --deny, each an array of its own that user space swaps as a whole
 * (lists.h): a packet meets the old list or the new one, never a mixture. */
#ifndef AFXDP_LISTS_BPF_H
#define AFXDP_LISTS_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "address_lists.h"

/* Not made without lists. An empty slot is an empty list. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, ADDRESS_LISTS);
    __type(key, __u32);
    __array(
        values, struct {
            __uint(type, BPF_MAP_TYPE_ARRAY);
            __uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
            __uint(max_entries, 1);
            __uint(key_size, sizeof(__u32));
            __uint(value_size, sizeof(union prefix_element));
        });
} address_lists SEC(".maps");

ALWAYS_INLINE const union prefix_element *lists_at(const void *set, uint32_t place)
{
    return bpf_map_lookup_elem((void *)set, &place);
}

/* A frame's addresses; whether it has a whole IP header. */
ALWAYS_INLINE bool lists_load(struct address_pair *pair, const uint8_t *data, const uint8_t *end)
{
    uint16_t type;
    const uint8_t *network = packet_network(data, end, &type);

    return network && address_pair_load(pair, type, network, end);
}

/* What the lists say of a packet with these addresses. */
ALWAYS_INLINE enum listed lists_say_of(const struct address_pair *pair)
{
    uint32_t allow = LIST_ALLOW;
    uint32_t deny = LIST_DENY;

    return address_lists_say(bpf_map_lookup_elem(&address_lists, &allow),
                             bpf_map_lookup_elem(&address_lists, &deny), lists_at, pair);
}

#endif
