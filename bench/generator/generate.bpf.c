// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* One live frame: numbers it, gives it its flow, and sends it out of the interface. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "synthetic_layout.h"

const volatile uint32_t interface = 0;
const volatile uint32_t flows = 1;
const volatile uint32_t both_ways = 0;
const volatile uint32_t header_sum = 0;

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} next SEC(".maps");

SEC("xdp")
int afxdp_generate(struct xdp_md *context)
{
    uint8_t *data = (uint8_t *)(long)context->data;
    uint8_t *end = (uint8_t *)(long)context->data_end;
    __u32 first = 0;
    __u64 *number = bpf_map_lookup_elem(&next, &first);

    if (!number || data + SYNTHETIC_HEAD > end)
        return XDP_ABORTED;
    synthetic_vary(data, *number, flows ? flows : 1, both_ways != 0, header_sum);
    *number += 1; /* one process runs this program */
    return (int)bpf_redirect(interface, 0);
}

char LICENSE[] SEC("license")
= "GPL";
