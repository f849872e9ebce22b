// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* One live frame: numbers it, gives it its flow, and sends it out of the interface. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "synthetic_layout.h"

const volatile uint32_t interface = 0;
const volatile struct synthetic_mix mix = {0};
const volatile uint32_t zipf[SYNTHETIC_PARTS + 1] = {0};
const volatile uint32_t header_sum = 0;
const volatile uint32_t stamps = 0; /* each frame's time goes into it */

const volatile uint64_t rate = 0; /* frames a second; 0: as fast as it goes */
const volatile uint64_t most = 0; /* frames in all */

/* One process runs this program, one run at a time. */
uint64_t sent = 0;
uint64_t begin = 0; /* ns; when the first frame was due */
uint64_t last = 0;  /* ns; when the last one was sent. Both only at a given rate */

enum { LOOKS = 1024 }; /* at the clock by one run: some 30 us in which nobody else gets the core */

ALWAYS_INLINE bool is_due(void)
{
    if (begin == 0)
        begin = bpf_ktime_get_ns();
    uint64_t due = begin + sent * 1000000000 / rate;

    for (int i = 0; i < LOOKS; i++) {
        last = bpf_ktime_get_ns();
        if (last >= due)
            return true;
    }
    return false;
}

/* What isn't due yet is dropped unseen: the kernel makes one more run of it, and others have had a
 * chance to work in between. */
SEC("xdp")
int afxdp_generate(struct xdp_md *context)
{
    uint8_t *data = (uint8_t *)(long)context->data;
    uint8_t *end = (uint8_t *)(long)context->data_end;

    if (data + SYNTHETIC_HEAD > end)
        return XDP_ABORTED;
    if (sent >= most || (rate > 0 && !is_due()))
        return XDP_DROP;
    const struct synthetic_mix now = {.flows = mix.flows ? mix.flows : 1,
                                      .length = mix.length,
                                      .order = mix.order,
                                      .syn_flood = mix.syn_flood,
                                      .both_ways = mix.both_ways};
    synthetic_vary(data, sent, &now, zipf, header_sum);
    if (stamps)
        *(uint64_t *)(data + SYNTHETIC_STAMP) = bpf_ktime_get_ns();
    sent++;
    return (int)bpf_redirect(interface, 0);
}

char LICENSE[] SEC("license")
= "GPL";
