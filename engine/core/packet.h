// SPDX-License-Identifier: BSD-2-Clause
/* The one packet parser: user space, captures and the kernel all use this header (BPF-safe).
 *
 * It reads Ethernet with up to two VLAN tags, IPv4, IPv6 with extension headers, fragments and
 * ports, touches no byte outside [data, end), and opens no tunnel (tunnel.h does). The table
 * "Packets, exactly" in docs/design.md is its specification. */
#ifndef AFXDP_PACKET_H
#define AFXDP_PACKET_H

#include "bytes.h"

enum packet_kind {
    PACKET_IP,       /* the struct packet is filled: the packet belongs to a flow */
    PACKET_OTHER,    /* not IP: ARP, LLDP, MPLS, PPPoE, three VLAN tags or more */
    PACKET_MALFORMED /* IP that contradicts itself, or cut before its ports */
};

struct packet {
    uint64_t source[2];      /* address as on the wire; IPv4 in the first 4 bytes, rest 0, but for
                              * what tunnel_mark leaves in the second word */
    uint64_t destination[2]; /* likewise */
    uint32_t length;         /* IP total length in bytes, IPv6: 40 + payload length */
    uint16_t source_port;    /* host byte order, 0 where the protocol has none */
    uint16_t destination_port;
    uint8_t protocol; /* IP protocol number after extension headers */
    uint8_t version;  /* 4 or 6; set with the addresses, before all else is looked at */
    uint16_t realm;   /* 0, or what tells the same addresses in other tunnels apart */
    uint32_t behind;  /* bytes behind IP and its extension headers, by the IP length */
    uint32_t seen;    /* bytes captured from there on, padding too; 0 of a later fragment */
};

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_SERVICE_VLAN = 0x88a8,
    ETHERTYPE_OLD_QINQ = 0x9100,

    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_DCCP = 33,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_AUTHENTICATION = 51,
    PROTOCOL_NOTHING = 59,
    PROTOCOL_DESTINATION = 60,
    PROTOCOL_SCTP = 132,
    PROTOCOL_MOBILITY = 135,
    PROTOCOL_UDP_LITE = 136,

    PACKET_VLAN_TAGS_MAX = 2,
    PACKET_EXTENSION_HEADERS_MAX = 8,
    PACKET_EXTENSION_LENGTH_MASK = 0xfff,
    PACKET_JUMBO_OPTION = 0xc204, /* with the length of its content */
    PACKET_JUMBO_LEAST = 65536,
};

/* The parser looks these up instead of comparing because the kernel's verifier walks every branch
 * of a comparison again and again, once for each extension header. */

/* Bytes of its header that a protocol with ports has at least; 0 for protocols without. */
static const uint8_t packet_least_header[256] = {
    [PROTOCOL_TCP] = 20, [PROTOCOL_UDP] = 8,      [PROTOCOL_DCCP] = 4,
    [PROTOCOL_SCTP] = 4, [PROTOCOL_UDP_LITE] = 4,
};

/* For an IPv6 extension header 1 plus the unit that its length field counts in, 8 or 4 bytes (a
 * fragment header has no such field: 0); 0 for what isn't an extension header. */
static const uint8_t packet_extension[256] = {
    [PROTOCOL_HOP_BY_HOP] = 1 + 8,  [PROTOCOL_ROUTING] = 1 + 8,  [PROTOCOL_FRAGMENT] = 1 + 0,
    [PROTOCOL_DESTINATION] = 1 + 8, [PROTOCOL_MOBILITY] = 1 + 8, [PROTOCOL_AUTHENTICATION] = 1 + 4,
};

/* Ports of the protocol that starts at `cursor`, which is at most `end`; `remaining` bytes of it
 * lie within the IP length. */
ALWAYS_INLINE enum packet_kind packet_parse_ports(const uint8_t *cursor, const uint8_t *end,
                                                  uint32_t remaining, struct packet *packet)
{
    uint32_t least = packet_least_header[packet->protocol];

    packet->behind = remaining;
    packet->seen = (uint32_t)(end - cursor);
    if (least == 0)
        return PACKET_IP;
    if (remaining < least || cursor + 4 > end)
        return PACKET_MALFORMED;
    packet->source_port = load_be16(cursor);
    packet->destination_port = load_be16(cursor + 2);
    return PACKET_IP;
}

ALWAYS_INLINE enum packet_kind packet_parse_ipv4(const uint8_t *cursor, const uint8_t *end,
                                                 uint32_t available, struct packet *packet)
{
    if (cursor + 20 > end || cursor[0] >> 4 != 4)
        return PACKET_MALFORMED;
    packet->version = 4;
    packet->source[0] = load_wire32(cursor + 12);
    packet->destination[0] = load_wire32(cursor + 16);

    uint32_t header_length = (uint32_t)(cursor[0] & 15) * 4;
    uint32_t length = load_be16(cursor + 2);
    if (length == 0) /* segmentation offload leaves it to be filled in */
        length = available;
    if (header_length < 20 || length < header_length || length > available ||
        cursor + header_length > end)
        return PACKET_MALFORMED;

    packet->length = length;
    packet->protocol = cursor[9];
    packet->behind = length - header_length;
    if (load_be16(cursor + 6) & 0x1fff) /* a later fragment carries no ports */
        return PACKET_IP;
    return packet_parse_ports(cursor + header_length, end, length - header_length, packet);
}

/* The payload length of an IPv6 header at `cursor` that says 0: that of a jumbogram (RFC 2675,
 * whose option comes first wherever it is made), or left to be filled in by segmentation offload:
 * all that there is. */
ALWAYS_INLINE uint32_t packet_ipv6_long(const uint8_t *cursor, const uint8_t *end,
                                        uint32_t available)
{
    if (cursor[6] == PROTOCOL_NOTHING)
        return 0;
    if (cursor[6] == PROTOCOL_HOP_BY_HOP && cursor + 48 <= end &&
        load_be16(cursor + 42) == PACKET_JUMBO_OPTION) {
        uint32_t length = (uint32_t)load_be16(cursor + 44) << 16 | load_be16(cursor + 46);

        return length < PACKET_JUMBO_LEAST ? UINT32_MAX : length;
    }
    return available - 40;
}

ALWAYS_INLINE enum packet_kind packet_parse_ipv6(const uint8_t *cursor, const uint8_t *end,
                                                 uint32_t available, struct packet *packet)
{
    if (cursor + 40 > end || available < 40 || cursor[0] >> 4 != 6)
        return PACKET_MALFORMED;
    packet->version = 6;
    packet->source[0] = load_wire64(cursor + 8);
    packet->source[1] = load_wire64(cursor + 16);
    packet->destination[0] = load_wire64(cursor + 24);
    packet->destination[1] = load_wire64(cursor + 32);

    uint32_t remaining = load_be16(cursor + 4);
    if (remaining == 0)
        remaining = packet_ipv6_long(cursor, end, available);
    if (remaining > available - 40)
        return PACKET_MALFORMED;
    packet->length = 40 + remaining;

    uint8_t next = cursor[6];
    cursor += 40;
    for (int headers = 0; headers <= PACKET_EXTENSION_HEADERS_MAX; headers++) {
        uint32_t extension = packet_extension[next];

        if (extension == 0) {
            packet->protocol = next;
            return packet_parse_ports(cursor, end, remaining, packet);
        }
        if (headers == PACKET_EXTENSION_HEADERS_MAX || remaining < 8 || cursor + 8 > end)
            return PACKET_MALFORMED;

        /* The field leaves out 8 bytes. A verifier before kernel 6.3 forgets what a product of 32
         * bits can be at most; the mask, kept by OPAQUE, tells it again: 8 + 255 * 8 fits. */
        uint32_t length = 8 + cursor[1] * (extension & 12);
        OPAQUE(length);
        length &= PACKET_EXTENSION_LENGTH_MASK;
        if (length > remaining || cursor + length > end)
            return PACKET_MALFORMED;
        if (next == PROTOCOL_FRAGMENT && (load_be16(cursor + 2) & 0xfff8)) {
            packet->protocol = cursor[0];
            packet->behind = remaining - length;
            return PACKET_IP;
        }
        next = cursor[0];
        cursor += length;
        remaining -= length;
    }
    return PACKET_MALFORMED;
}

/* From the EtherType on. `cursor` points behind the EtherType, `available` is what the packet has
 * on the wire from there: in bytes, never less than what was captured of it. */
ALWAYS_INLINE enum packet_kind packet_parse_network(uint16_t ethertype, const uint8_t *cursor,
                                                    const uint8_t *end, uint32_t available,
                                                    struct packet *packet)
{
    *packet = (struct packet){0};

    for (int tags = 0; tags < PACKET_VLAN_TAGS_MAX; tags++) {
        if (ethertype != ETHERTYPE_VLAN && ethertype != ETHERTYPE_SERVICE_VLAN &&
            ethertype != ETHERTYPE_OLD_QINQ)
            break;
        if (cursor + 4 > end || available < 4)
            return PACKET_OTHER;
        ethertype = load_be16(cursor + 2);
        cursor += 4;
        available -= 4;
    }
    if (ethertype == ETHERTYPE_IPV4)
        return packet_parse_ipv4(cursor, end, available, packet);
    if (ethertype == ETHERTYPE_IPV6)
        return packet_parse_ipv6(cursor, end, available, packet);
    return PACKET_OTHER;
}

/* Where an Ethernet frame's packet begins, behind as many tags as the parser looks through, and its
 * EtherType; NULL for a frame that is cut before. */
ALWAYS_INLINE const uint8_t *packet_network(const uint8_t *data, const uint8_t *end,
                                            uint16_t *ethertype)
{
    if (data + 14 > end)
        return 0;
    const uint8_t *cursor = data + 14;

    *ethertype = load_be16(data + 12);
    for (int tags = 0; tags < PACKET_VLAN_TAGS_MAX; tags++) {
        if (*ethertype != ETHERTYPE_VLAN && *ethertype != ETHERTYPE_SERVICE_VLAN &&
            *ethertype != ETHERTYPE_OLD_QINQ)
            break;
        if (cursor + 4 > end)
            return 0;
        *ethertype = load_be16(cursor + 2);
        cursor += 4;
    }
    return cursor;
}

/* An Ethernet frame of `wire_length` bytes on the wire, of which [data, end) are here.
 * `packet` is defined only when PACKET_IP is returned; but version and addresses of what is
 * malformed are, where its version isn't 0: then its IP header is whole. */
ALWAYS_INLINE enum packet_kind packet_parse_ethernet(const uint8_t *data, const uint8_t *end,
                                                     uint32_t wire_length, struct packet *packet)
{
    if (data + 14 > end || wire_length < 14)
        return PACKET_OTHER;
    return packet_parse_network(load_be16(data + 12), data + 14, end, wire_length - 14, packet);
}

#endif
