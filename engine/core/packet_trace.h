// SPDX-License-Identifier: BSD-2-Clause
/* What is told of a packet beyond its features: tags, and the words behind IP that name what it is
 * (BPF-safe). Never makes a packet malformed: what wasn't captured reads as 0. */
#ifndef AFXDP_PACKET_TRACE_H
#define AFXDP_PACKET_TRACE_H

#include "packet_details.h"

/* The tags in front of an Ethernet frame's network layer, at most two; 0: none. */
ALWAYS_INLINE void packet_vlans(const uint8_t *data, const uint8_t *end, uint16_t vlan[2])
{
    vlan[0] = vlan[1] = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *tag = data + 12 + 4 * i;

        if (tag + 4 > end)
            return;
        uint16_t type = load_be16(tag);
        if (type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE_VLAN && type != ETHERTYPE_OLD_QINQ)
            return;
        vlan[i] = load_be16(tag + 2) & 0xfff;
    }
}

/* Type << 8 | code of ICMP, which has them where others have ports. `transport` as for
 * packet_details_of. */
ALWAYS_INLINE uint16_t packet_icmp(const struct packet *packet, const uint8_t *transport,
                                   const uint8_t *end)
{
    bool is_icmp = packet->protocol == PROTOCOL_ICMP || packet->protocol == PROTOCOL_ICMPV6;

    if (!is_icmp || packet->seen < 2 || transport + 2 > end)
        return 0;
    return load_be16(transport);
}

ALWAYS_INLINE uint8_t packet_tcp_flags(const struct packet *packet, const uint8_t *transport,
                                       const uint8_t *end)
{
    if (packet->protocol != PROTOCOL_TCP || packet->seen < TCP_FLAGS_END ||
        transport + TCP_FLAGS_END > end)
        return 0;
    return transport[13];
}

#endif
