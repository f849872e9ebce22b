// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Counts packets that got lost in the kernel where it tells of them by tracepoints alone: that were
 * to cross from port to port and were lost at the devmap or because the other driver took no more;
 * and that were to reach a socket which the kernel had taken off its interface already. */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "redirect_abi.h"

struct net_device {
    int ifindex;
} __attribute__((preserve_access_index));

/* By ifindex of the port they came in by; user space makes the entries. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, REDIRECT_PORTS_MAX);
    __type(key, __u32);
    __type(value, __u64);
} lost SEC(".maps");

ALWAYS_INLINE void count_lost(const struct net_device *from, uint64_t packets)
{
    __u32 port = from ? (__u32)from->ifindex : 0;
    __u64 *count = bpf_map_lookup_elem(&lost, &port);

    if (count)
        *count += packets;
}

/* By the socket's port and queue; user space makes the entries. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_HASH);
    __uint(max_entries, REDIRECT_PORTS_MAX *REDIRECT_QUEUES_MAX);
    __type(key, struct redirect_socket);
    __type(value, __u64);
} unbound SEC(".maps");

ALWAYS_INLINE void count_unbound(const struct net_device *at, uint32_t queue)
{
    struct redirect_socket socket = {at ? (uint32_t)at->ifindex : 0, queue};
    __u64 *count = bpf_map_lookup_elem(&unbound, &socket);

    if (count)
        *count += 1;
}

/* from_dev, to_dev, sent, drops, err */
SEC("tp_btf/xdp_devmap_xmit")
int afxdp_lost_xmit(const uint64_t *arguments)
{
    int drops = (int)arguments[3];

    if (drops > 0)
        count_lost((const struct net_device *)arguments[0], (uint64_t)drops);
    return 0;
}

/* dev, xdp, tgt, err, map_type, map_id, index: what a bound socket has no room for is in the
 * socket's own statistics. */
SEC("tp_btf/xdp_redirect_err")
int afxdp_lost_map(const uint64_t *arguments)
{
    const struct net_device *from = (const struct net_device *)arguments[0];
    int status = (int)arguments[3];

    if ((uint32_t)arguments[4] == BPF_MAP_TYPE_DEVMAP)
        count_lost(from, 1);
    if ((uint32_t)arguments[4] == BPF_MAP_TYPE_XSKMAP && (status == -ENXIO || status == -EINVAL))
        count_unbound(from, (uint32_t)arguments[6]);
    return 0;
}

char LICENSE[] SEC("license")
= "GPL";
