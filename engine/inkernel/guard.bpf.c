// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* What is attached when the model runs in the kernel: it jumps to the model's program, and knows
 * what to do without one.
 *
 * The kernel empties the array of programs when its last descriptor is closed, so the model goes
 * with the engine however that ends, while an inline port goes on crossing (or, fail-closed,
 * dropping). And a model that is replaced is swapped in between two packets by one update. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "guard_abi.h"
#include "leaving.bpf.h"

const volatile uint32_t guard_without = GUARD_PASS;
const volatile uint32_t guard_leaving = 0; /* 1: whatever isn't dropped leaves by another interface,
                                            * and comes from another's stack */

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} guard_model SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u32);
} guard_port SEC(".maps");

SEC("xdp")
int afxdp_guard(struct xdp_md *context)
{
    if (guard_leaving && !leaving_prepare(context, true))
        return XDP_DROP; /* can't be: there is headroom */
    bpf_tail_call_static(context, &guard_model, 0);
    if (guard_without == GUARD_CROSS)
        return (int)bpf_redirect_map(&guard_port, 0, XDP_DROP);
    return guard_without == GUARD_DROP ? XDP_DROP : XDP_PASS;
}

char guard_license[] SEC("license")
= "GPL";
