// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* What a frame lacks that comes from another interface's stack, put right before it leaves for
 * elsewhere: to a socket's ring, or through a devmap. Not before it passes to the host, whose stack
 * still has what was kept beside the frame.
 *
 * A TCP or UDP checksum that is only the sum of the pseudo header is computed anew; the same value
 * results where it was complete and equals that sum by chance. Left alone: UDP without a checksum,
 * fragments, what stands behind IPv6 extension headers, frames of several buffers.
 *
 * A VLAN tag that was kept aside is put in (LEAVING_TAGS, programs bound to their device).
 *
 * Functions that aren't inlined are the verifier's to walk once, not once for each way to them. */
#ifndef AFXDP_LEAVING_BPF_H
#define AFXDP_LEAVING_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "packet.h"

enum {
    LEAVING_MOST = 4096, /* bytes of transport: more doesn't lie in one buffer */
    LEAVING_MASK = 0xfff,
    LEAVING_OFFSET_MASK = 0xff, /* Ethernet, two tags, IP: 82 bytes at most */
    LEAVING_FRAGMENT = 0x3fff,  /* more fragments, or an offset */
};

/* 0: nothing is completed, and the functions that do it are empty: the verifier walks them even
 * where nobody calls them, and without CAP_PERFMON it refuses what they do with pointers. */
const volatile uint32_t leaving_completes = 0;

/* Transport of an IP packet. */
struct leaving_part {
    const uint8_t *start;
    uint32_t length; /* by the IP header */
    uint32_t protocol;
    uint64_t addresses; /* their sum */
};

ALWAYS_INLINE uint32_t leaving_fold(uint64_t sum)
{
    sum = (sum >> 32) + (sum & 0xffffffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint32_t)((sum >> 16) + (sum & 0xffff));
}

ALWAYS_INLINE bool leaving_ipv4(const uint8_t *ip, const uint8_t *end, struct leaving_part *part)
{
    if (ip + 20 > end || load_be16(ip + 6) & LEAVING_FRAGMENT)
        return false;
    uint64_t header = (uint64_t)(ip[0] & 15) * 4;
    uint32_t total = load_be16(ip + 2);

    if (header < 20 || total < header)
        return false;
    part->length = total - (uint32_t)header;
    part->protocol = ip[9];
    part->addresses = (uint64_t)load_wire32(ip + 12) + load_wire32(ip + 16);
    part->start = ip + header;
    return true;
}

ALWAYS_INLINE bool leaving_ipv6(const uint8_t *ip, const uint8_t *end, struct leaving_part *part)
{
    if (ip + 40 > end)
        return false;
    part->length = load_be16(ip + 4);
    part->protocol = ip[6];
    part->addresses = 0;
    for (int i = 8; i < 40; i += 4)
        part->addresses += load_wire32(ip + i);
    part->start = ip + 40;
    return true;
}

/* Adds up to `most` pieces of `size` bytes, a multiple of 4. The place is computed anew for each,
 * out of two values that the verifier knows no relation of: it then walks a loop once, and not once
 * for each way through the one before. */
#define LEAVING_SUM(start, end, length, left, sum, size, most)                                     \
    for (int piece = 0; piece < (most) && (left) >= (size); piece++) {                             \
        uint64_t at = ((length) - (left)) & LEAVING_MASK;                                          \
                                                                                                   \
        OPAQUE(at);                                                                                \
        at &= LEAVING_MASK;                                                                        \
        const uint8_t *from = (start) + at;                                                        \
        if (from + (size) > (end))                                                                 \
            return -1;                                                                             \
        (sum) = (uint32_t)bpf_csum_diff(0, 0, (__be32 *)from, (size), (sum));                      \
        (left) -= (size);                                                                          \
    }

/* The folded sum over `length` bytes at `offset`; -1 where they don't lie in the frame. */
__attribute__((noinline)) int leaving_sum(struct xdp_md *context, uint32_t offset, uint32_t length)
{
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    const uint8_t *start = (const uint8_t *)(long)context->data + (offset & LEAVING_OFFSET_MASK);
    uint32_t left = length;
    uint32_t sum = 0;
    uint32_t last = 0; /* bytes as they lie in memory */

    if (!leaving_completes)
        return -1;
    LEAVING_SUM(start, end, length, left, sum, 512, LEAVING_MOST / 512)
    LEAVING_SUM(start, end, length, left, sum, 64, 7)
    LEAVING_SUM(start, end, length, left, sum, 16, 3)
    LEAVING_SUM(start, end, length, left, sum, 4, 3)
    for (uint32_t i = 0; i < 3 && left > 0; i++, left--) {
        uint64_t at = (length - left) & LEAVING_MASK;

        OPAQUE(at);
        at &= LEAVING_MASK;
        const uint8_t *from = start + at;
        if (from + 1 > end)
            return -1;
        last |= (uint32_t)*from << 8 * i;
    }
    return (int)leaving_fold((uint64_t)sum + last);
}

/* A function of its own, which the verifier walks once and not once for each way to it. Always 0.
 */
__attribute__((noinline)) int leaving_complete(struct xdp_md *context)
{
    const uint8_t *data = (const uint8_t *)(long)context->data;
    const uint8_t *end = (const uint8_t *)(long)context->data_end;
    struct leaving_part part = {0};
    uint16_t type;

    if (!leaving_completes)
        return 0;
    const uint8_t *ip = packet_network(data, end, &type);
    if (!ip || (type != ETHERTYPE_IPV4 && type != ETHERTYPE_IPV6))
        return 0;
    if (!(type == ETHERTYPE_IPV4 ? leaving_ipv4(ip, end, &part) : leaving_ipv6(ip, end, &part)))
        return 0;
    bool tcp = part.protocol == PROTOCOL_TCP;
    uint64_t place = tcp ? 16 : 6;

    if ((!tcp && part.protocol != PROTOCOL_UDP) || part.length < place + 2 ||
        part.length >= LEAVING_MOST)
        return 0;
    uint16_t *field = (uint16_t *)(part.start + place);
    if ((const uint8_t *)(field + 1) > end)
        return 0;
    uint64_t pseudo = part.addresses + __builtin_bswap16((uint16_t)part.length) +
                      __builtin_bswap16((uint16_t)part.protocol);

    if (*field == 0 || *field != leaving_fold(pseudo))
        return 0;
    int complete = leaving_sum(context, (uint32_t)(part.start - data), part.length);
    if (complete < 0)
        return 0;
    uint32_t sum = ~(uint32_t)complete & 0xffff;
    *field = (uint16_t)(sum == 0 && !tcp ? 0xffff : sum);
    return 0;
}

#ifdef LEAVING_TAGS
extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *context, __be16 *protocol,
                                        __u16 *tci) __ksym;

/* Pointers into the frame are void afterwards. */
ALWAYS_INLINE bool leaving_put_tag(struct xdp_md *context)
{
    __be16 protocol = 0;
    __u16 tci = 0;

    if (bpf_xdp_metadata_rx_vlan_tag(context, &protocol, &tci) != 0)
        return true; /* there is none */
    if (bpf_xdp_adjust_head(context, -4) != 0)
        return false;
    uint8_t *data = (uint8_t *)(long)context->data;
    if (data + 18 > (uint8_t *)(long)context->data_end)
        return false; /* can't be: for the verifier */
    for (int i = 0; i < 12; i += 4)
        *(uint32_t *)(data + i) = *(uint32_t *)(data + i + 4);
    *(uint16_t *)(data + 12) = protocol;
    *(uint16_t *)(data + 14) = __builtin_bswap16(tci);
    return true;
}
#endif

/* False: the frame has to be dropped, for its tag found no room. Pointers into it are void. */
ALWAYS_INLINE bool leaving_prepare(struct xdp_md *context, bool complete)
{
#ifdef LEAVING_TAGS
    if (!leaving_put_tag(context))
        return false;
#endif
    if (complete)
        leaving_complete(context);
    return true;
}

#endif
