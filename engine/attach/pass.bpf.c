// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Passes everything. Some drivers send from an AF_XDP socket, and veth takes redirected frames,
 * only where a program is attached: a port that merely sends gets this one. */
/* The lab's build is for "xdp.frags", which libbpf asks of every kernel; ours says at load what the
 * kernel at hand knows (5.18). */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#ifndef PASS_SECTION
#define PASS_SECTION "xdp"
#endif

SEC(PASS_SECTION)
int afxdp_pass(struct xdp_md *context)
{
    (void)context;
    return XDP_PASS;
}

char LICENSE[] SEC("license")
= "GPL";
