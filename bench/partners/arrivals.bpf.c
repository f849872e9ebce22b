// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* How late stamped frames come in at a sink. They end here; others pass. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "latency.h"

struct latency seen = {0}; /* one queue, so one CPU at a time */

SEC("xdp")
int afxdp_arrivals(struct xdp_md *context)
{
    const uint8_t *data = (const uint8_t *)(long)context->data;
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    uint64_t stamp;

    if (data + SYNTHETIC_HEAD > end || !latency_stamp(data, &stamp))
        return XDP_PASS;
    latency_add(&seen, bpf_ktime_get_ns() - stamp);
    return XDP_DROP;
}

char LICENSE[] SEC("license")
= "GPL";
