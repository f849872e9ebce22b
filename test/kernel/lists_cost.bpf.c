// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The redirect program with addresses that change from packet to packet, and the same without the
 * program: what it costs is the difference. */
#include "redirect.bpf.c"

enum { COST_ADDRESSES = 1 << 20 };

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, COST_ADDRESSES);
    __type(key, __u32);
    __type(value, __u64);
} cost_addresses SEC(".maps");

uint32_t cost_next = 0;
const volatile uint32_t cost_mask = 0;
const volatile uint32_t cost_version = 4;
const volatile uint32_t cost_source = 0; /* 1: sources change, else destinations */

/* The next address becomes that of one end: of IPv6 its first half. */
ALWAYS_INLINE void change_address(struct xdp_md *context)
{
    uint8_t *data = (uint8_t *)(long)context->data;
    uint32_t place = cost_next++ & cost_mask;
    const uint64_t *address = bpf_map_lookup_elem(&cost_addresses, &place);

    if (!address || data + 54 > (uint8_t *)(long)context->data_end)
        return;
    if (cost_version == 4)
        *(uint32_t *)(data + (cost_source ? 26 : 30)) = (uint32_t)*address;
    else
        *(uint64_t *)(data + (cost_source ? 22 : 38)) = *address;
}

SEC("xdp")
int cost_drop(struct xdp_md *context)
{
    change_address(context);
    return XDP_DROP;
}

SEC("xdp")
int cost_redirect(struct xdp_md *context)
{
    change_address(context);
    return redirect(context, true);
}
