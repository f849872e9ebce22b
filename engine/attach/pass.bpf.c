// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Passes everything. Some drivers send from an AF_XDP socket, and veth takes redirected frames,
 * only where a program is attached: a port that merely sends gets this one. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp.frags")
int afxdp_pass(struct xdp_md *context)
{
    (void)context;
    return XDP_PASS;
}

char LICENSE[] SEC("license")
= "GPL";
