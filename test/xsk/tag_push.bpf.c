// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* On the way out of a stack: gives UDP to ports 5001 to 5099 a VLAN tag of that number, which the
 * kernel keeps beside the frame; all else goes as it is. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "bytes.h"

enum { PORT_AT = 14 + 20 + 2, FIRST = 5000, LAST = 5099, IP_ONLY = 0x0800, TAGGED = 0x8100 };

SEC("tc")
int tag_push(struct __sk_buff *skb)
{
    uint8_t port[2];

    if (skb->protocol != __builtin_bswap16(IP_ONLY) ||
        bpf_skb_load_bytes(skb, PORT_AT, port, sizeof(port)) != 0)
        return 0;
    uint16_t number = load_be16(port);
    if (number > FIRST && number <= LAST)
        bpf_skb_vlan_push(skb, __builtin_bswap16(TAGGED), number);
    return 0;
}

char LICENSE[] SEC("license")
= "GPL";
