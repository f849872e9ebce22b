// SPDX-License-Identifier: BSD-2-Clause
/* From the link header to the network layer: finds the packet in a frame of any link type.
 *
 * Ethernet is all that an interface gives; the others stand in capture files
 * (https://www.tcpdump.org/linktypes.html), and docs/captures.md lists them. IP behind LLC is read
 * too, which the XDP programs let pass as not IP, as the host's stack would.
 * Not called link.h: glibc has a header of that name. */
#ifndef AFXDP_LINK_LAYER_H
#define AFXDP_LINK_LAYER_H

#include "packet.h"
#include "port.h"

/* The EtherType at `at`, the payload behind a header of `header` bytes. */
ALWAYS_INLINE enum packet_kind link_parse_ethertype(const struct frame *frame, uint32_t at,
                                                    uint32_t header, struct packet *packet)
{
    if (frame->length < header || frame->wire_length < header)
        return PACKET_OTHER;
    return packet_parse_network(load_be16(frame->data + at), frame->data + header,
                                frame->data + frame->length, frame->wire_length - header, packet);
}

/* AF_INET is 2 everywhere, AF_INET6 differs: 10 Linux, 24 NetBSD and OpenBSD, 28 FreeBSD,
 * 30 Darwin. */
ALWAYS_INLINE uint16_t link_family_ethertype(uint32_t family)
{
    switch (family) {
    case 2:
        return ETHERTYPE_IPV4;
    case 10:
    case 24:
    case 28:
    case 30:
        return ETHERTYPE_IPV6;
    default:
        return 0;
    }
}

ALWAYS_INLINE uint32_t link_family(const struct frame *frame)
{
    const uint8_t *p = frame->data;
    uint32_t big = (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
    uint32_t little = __builtin_bswap32(big);

    /* The recorder's byte order isn't told, but a family is a small number. */
    return frame->link != LINK_LOOPBACK_BIG && little < big ? little : big;
}

/* The link type of a capture file's number; LINK_UNKNOWN where its packets can't be read. */
enum link_type link_of_number(uint32_t number);

/* A number that a capture's file may give the type: LINKTYPE_USER0 for LINK_UNKNOWN. */
uint16_t link_number(enum link_type link);

/* The link types that no interface gives, and IP behind an LLC header: out of the way of the rest.
 */
enum packet_kind link_parse_rare(const struct frame *frame, struct packet *packet);

ALWAYS_INLINE enum packet_kind link_parse_usual(const struct frame *frame, struct packet *packet)
{
    const uint8_t *end = frame->data + frame->length;
    bool six = frame->length > 0 && frame->data[0] >> 4 == 6;

    switch (frame->link) {
    case LINK_ETHERNET:
        return packet_parse_ethernet(frame->data, end, frame->wire_length, packet);
    case LINK_COOKED_V1:
        return link_parse_ethertype(frame, 14, 16, packet);
    case LINK_COOKED_V2:
        return link_parse_ethertype(frame, 0, 20, packet);
    case LINK_RAW_IP:
        return packet_parse_network(six ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4, frame->data, end,
                                    frame->wire_length, packet);
    case LINK_IPV4:
        return packet_parse_network(ETHERTYPE_IPV4, frame->data, end, frame->wire_length, packet);
    case LINK_IPV6:
        return packet_parse_network(ETHERTYPE_IPV6, frame->data, end, frame->wire_length, packet);
    case LINK_LOOPBACK:
    case LINK_LOOPBACK_BIG:
        if (frame->length < 4 || frame->wire_length < 4)
            return PACKET_OTHER;
        return packet_parse_network(link_family_ethertype(link_family(frame)), frame->data + 4, end,
                                    frame->wire_length - 4, packet);
    default:
        return PACKET_OTHER;
    }
}

/* Parses the frame as its link type says. `packet` is defined only when PACKET_IP is returned. */
ALWAYS_INLINE enum packet_kind link_parse(const struct frame *frame, struct packet *packet)
{
    enum packet_kind kind = link_parse_usual(frame, packet);

    return kind == PACKET_OTHER ? link_parse_rare(frame, packet) : kind;
}

#endif
