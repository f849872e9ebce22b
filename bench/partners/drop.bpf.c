// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The least that a program can do with a packet. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int afxdp_drop(struct xdp_md *context)
{
    (void)context;
    return XDP_DROP;
}

char LICENSE[] SEC("license")
= "GPL";
