// SPDX-License-Identifier: BSD-2-Clause
/* Traffic that the engine never touches (--bypass): the one rule, for every program (BPF-safe).
 *
 * A service that is named needs more than its own packets. What else passes stands in docs/cli.md,
 * "Never touched"; all of it is recognised where it usually stands: behind IPv4, right behind the
 * IPv6 header, and of MLD behind a hop-by-hop header of 8 bytes. What stands elsewhere is treated
 * as any other packet. inkernel/bypass.bpf.h adds the memory that later fragments take. */
#ifndef AFXDP_BYPASS_H
#define AFXDP_BYPASS_H

#include "packet_details.h"

enum {
    BYPASS_MAX = 16,

    PROTOCOL_IGMP = 2,

    ICMP_ROUTER_ADVERTISEMENT = 9,
    ICMP_ROUTER_SOLICITATION = 10,
    ICMPV6_LISTENER_QUERY = 130,
    ICMPV6_LISTENER_DONE = 132,
    ICMPV6_ROUTER_SOLICITATION = 133, /* then router advertisement, neighbour solicitation and */
    ICMPV6_REDIRECT = 137,            /* advertisement, redirect */
    ICMPV6_LISTENER_REPORT_V2 = 143,

    ON_LINK_HOPS = 255,  /* neighbour discovery: no router has sent it on (RFC 4861) */
    NO_FURTHER_HOPS = 1, /* group membership: no router will */
    IPV6_HEADER = 40,
    IPV6_OPTIONS = 8, /* the least extension header; also a fragment header */

    DHCP_SERVER = 67,
    DHCP_CLIENT = 68,
    DHCPV6_CLIENT = 546,
    DHCPV6_SERVER = 547,
};

/* IP packets of this protocol from or to this port. */
struct bypass_service {
    uint16_t port; /* 0: any */
    uint8_t protocol;
    uint8_t zero;
};

struct bypass {
    uint32_t count;
    struct bypass_service service[BYPASS_MAX];
};

/* Whether a service is meant by protocol and port. */
ALWAYS_INLINE bool bypass_names(const volatile struct bypass *bypass, const struct packet *packet)
{
    for (uint32_t i = 0; i < BYPASS_MAX && i < bypass->count; i++) {
        uint16_t port = bypass->service[i].port;

        if (bypass->service[i].protocol == packet->protocol &&
            (port == 0 || port == packet->source_port || port == packet->destination_port))
            return true;
    }
    return false;
}

/* Between client, relay and server, whose both ports are DHCP's. */
ALWAYS_INLINE bool bypass_is_dhcp(const struct packet *packet)
{
    uint32_t from = packet->source_port;
    uint32_t to = packet->destination_port;

    if (packet->version == 4)
        return (from == DHCP_CLIENT || from == DHCP_SERVER) &&
               (to == DHCP_CLIENT || to == DHCP_SERVER);
    return (from == DHCPV6_CLIENT || from == DHCPV6_SERVER) &&
           (to == DHCPV6_CLIENT || to == DHCPV6_SERVER);
}

/* What hosts and routers of a link must say to each other: its hop limit keeps strangers out. */
ALWAYS_INLINE bool bypass_is_link_message(uint32_t type, uint32_t hops, uint32_t version)
{
    if (version == 4)
        return type == ICMP_ROUTER_ADVERTISEMENT || type == ICMP_ROUTER_SOLICITATION;
    if (type >= ICMPV6_ROUTER_SOLICITATION && type <= ICMPV6_REDIRECT)
        return hops == ON_LINK_HOPS;
    return hops == NO_FURTHER_HOPS &&
           ((type >= ICMPV6_LISTENER_QUERY && type <= ICMPV6_LISTENER_DONE) ||
            type == ICMPV6_LISTENER_REPORT_V2);
}

/* The bytes between IP header and ICMP message; 0: it isn't at its usual place. At least 48 bytes
 * of an IPv6 packet, 20 of an IPv4 one, are there. */
ALWAYS_INLINE uint32_t bypass_message_at(const uint8_t *network, uint32_t version)
{
    if (version == 4)
        return (uint32_t)(network[0] & 15) * 4;
    if (network[6] == PROTOCOL_ICMPV6)
        return IPV6_HEADER;
    return network[6] == PROTOCOL_HOP_BY_HOP && network[IPV6_HEADER] == PROTOCOL_ICMPV6 &&
                   network[IPV6_HEADER + 1] == 0
               ? IPV6_HEADER + IPV6_OPTIONS
               : 0;
}

/* An ICMP message that the link needs, or an error that quotes a packet of a service. */
ALWAYS_INLINE bool bypass_needs_message(const volatile struct bypass *bypass,
                                        const uint8_t *network, const uint8_t *end,
                                        const struct packet *packet)
{
    bool six = packet->version == 6;
    struct packet quoted;

    if (network + (six ? IPV6_HEADER + IPV6_OPTIONS : 20) > end)
        return false;
    uint32_t hops = six ? network[7] : network[8];
    uint32_t at = bypass_message_at(network, packet->version);
    const uint8_t *message = network + at;

    if (at == 0 || message + ICMP_HEADER > end || packet->behind < ICMP_HEADER)
        return false;
    if (bypass_is_link_message(message[0], hops, packet->version))
        return true;
    if ((six ? packet_icmpv6_message(message[0]) : packet_icmp_message(message[0], message[1])) ==
        PACKET_TALK)
        return false;
    return packet_quoted(packet, message, end, &quoted) && bypass_names(bypass, &quoted);
}

/* Whether the packet is one that the services need beside their own. `network` is where its IP
 * header begins. */
ALWAYS_INLINE bool bypass_needs(const volatile struct bypass *bypass, const uint8_t *network,
                                const uint8_t *end, const struct packet *packet)
{
    switch (packet->protocol) {
    case PROTOCOL_UDP:
        return bypass_is_dhcp(packet);
    case PROTOCOL_ICMP:
        return packet->version == 4 && bypass_needs_message(bypass, network, end, packet);
    case PROTOCOL_ICMPV6:
        return packet->version == 6 && bypass_needs_message(bypass, network, end, packet);
    case PROTOCOL_IGMP:
        return packet->version == 4 && network + 20 <= end && network[8] == NO_FURTHER_HOPS;
    default:
        return false;
    }
}

enum bypass_fragment {
    BYPASS_WHOLE,
    BYPASS_FIRST, /* of several fragments */
    BYPASS_LATER,
};

/* Which fragment of a datagram the packet is, and the datagram's number; 0 where it is whole. */
ALWAYS_INLINE enum bypass_fragment bypass_fragment(const uint8_t *network, const uint8_t *end,
                                                   const struct packet *packet, uint32_t *number)
{
    const uint8_t *header = network + IPV6_HEADER;

    *number = 0;
    if (packet->version == 4) {
        if (network + 20 > end || !(load_be16(network + 6) & 0x3fff))
            return BYPASS_WHOLE;
        *number = load_be16(network + 4);
        return load_be16(network + 6) & 0x1fff ? BYPASS_LATER : BYPASS_FIRST;
    }
    if (header + IPV6_OPTIONS > end || network[6] != PROTOCOL_FRAGMENT ||
        !(load_be16(header + 2) & 0xfff9)) /* neither offset nor more to come */
        return BYPASS_WHOLE;
    *number = load_wire32(header + 4);
    return load_be16(header + 2) & 0xfff8 ? BYPASS_LATER : BYPASS_FIRST;
}

#endif
