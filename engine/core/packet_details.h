// SPDX-License-Identifier: BSD-2-Clause
/* What a packet says behind IP: TCP's flags, how much payload, and of an ICMP error which packet it
 * answers (BPF-safe). Never makes a packet malformed: what wasn't captured reads as 0. */
#ifndef AFXDP_PACKET_DETAILS_H
#define AFXDP_PACKET_DETAILS_H

#include "packet.h"

enum {
    PROTOCOL_ICMP = 1,
    PROTOCOL_ICMPV6 = 58,

    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_ACK = 0x10,
    TCP_FLAGS_END = 14, /* bytes of its header up to the flags */
    ICMP_HEADER = 8,
};

enum packet_message {
    PACKET_TALK,        /* what hosts say to each other */
    PACKET_ERROR,       /* an ICMP error: somebody says something about a packet of theirs */
    PACKET_UNREACHABLE, /* an ICMP error: the packet's destination can't be reached */
};

struct packet_details {
    uint32_t payload; /* of the transport, bytes */
    uint8_t flags;    /* TCP's, or 0 */
    uint8_t message;  /* enum packet_message */
};

/* ICMP: unreachable (3), source quench (4), redirect (5), time exceeded (11), parameter problem
 * (12). "Fragmentation needed" (3, code 4) refuses nothing. */
ALWAYS_INLINE uint8_t packet_icmp_message(uint32_t type, uint32_t code)
{
    if (type == 3 && code != 4)
        return PACKET_UNREACHABLE;
    return type >= 3 && type <= 12 && (1u << type & 0x1838) ? PACKET_ERROR : PACKET_TALK;
}

/* ICMPv6: errors have types below 128, of which 1 is unreachable. */
ALWAYS_INLINE uint8_t packet_icmpv6_message(uint32_t type)
{
    return type == 1 ? PACKET_UNREACHABLE : type < 128 ? PACKET_ERROR : PACKET_TALK;
}

/* `transport` is where the packet's bytes behind IP begin, packet->seen before `end`. */
ALWAYS_INLINE struct packet_details packet_details_of(const struct packet *packet,
                                                      const uint8_t *transport, const uint8_t *end)
{
    struct packet_details details = {.payload = packet->behind};

    if (packet->seen == 0) /* a later fragment, or nothing to look at */
        return details;
    if (packet->protocol == PROTOCOL_TCP) {
        details.payload = 0;
        if (transport + TCP_FLAGS_END <= end) {
            uint32_t header = (uint32_t)(transport[12] >> 4) * 4;

            details.flags = transport[13];
            if (header >= 20 && header <= packet->behind)
                details.payload = packet->behind - header;
        }
    } else if (packet->protocol == PROTOCOL_UDP) {
        details.payload = packet->behind - 8;
    } else if (transport + 2 <= end && packet->behind >= 2) {
        if (packet->protocol == PROTOCOL_ICMP && packet->version == 4)
            details.message = packet_icmp_message(transport[0], transport[1]);
        else if (packet->protocol == PROTOCOL_ICMPV6 && packet->version == 6)
            details.message = packet_icmpv6_message(transport[0]);
    }
    return details;
}

/* Addresses, protocol and ports of the packet that an ICMP error quotes; false: they aren't all
 * there, captured and within the IP length. Ports of a later fragment are 0. An IPv6 header must be
 * followed by its transport, no extension header is followed. */
ALWAYS_INLINE bool packet_quoted(const struct packet *packet, const uint8_t *transport,
                                 const uint8_t *end, struct packet *quoted)
{
    const uint8_t *ip = transport + ICMP_HEADER;
    uint32_t header;
    bool ports;

    *quoted = (struct packet){.version = packet->version, .realm = packet->realm};
    if (packet->version == 4) {
        if (ip + 20 > end || ip[0] >> 4 != 4)
            return false;
        header = (uint32_t)(ip[0] & 15) * 4;
        quoted->protocol = ip[9];
        quoted->source[0] = load_wire32(ip + 12);
        quoted->source[1] = packet->source[1];
        quoted->destination[0] = load_wire32(ip + 16);
        quoted->destination[1] = packet->destination[1];
        ports = (load_be16(ip + 6) & 0x1fff) == 0 && packet_least_header[quoted->protocol];
    } else {
        if (ip + 40 > end || ip[0] >> 4 != 6 || packet_extension[ip[6]])
            return false;
        header = 40;
        quoted->protocol = ip[6];
        quoted->source[0] = load_wire64(ip + 8);
        quoted->source[1] = load_wire64(ip + 16);
        quoted->destination[0] = load_wire64(ip + 24);
        quoted->destination[1] = load_wire64(ip + 32);
        ports = packet_least_header[quoted->protocol];
    }
    if (header < 20 || packet->behind < ICMP_HEADER + header)
        return false;
    if (!ports)
        return true;
    if (ip + header + 4 > end || packet->behind < ICMP_HEADER + header + 4)
        return false;
    quoted->source_port = load_be16(ip + header);
    quoted->destination_port = load_be16(ip + header + 2);
    return true;
}

#endif
