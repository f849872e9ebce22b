// SPDX-License-Identifier: BSD-2-Clause
#include "link_layer.h"

#include <stddef.h>

#include "link_private.h"

enum {
    ETHERNET_LENGTH_MAX = 1500, /* below: a length, with LLC behind it */
    COOKED_LLC = 4,             /* ETH_P_802_2 where an EtherType would be */
    ORGANISATION_BRIDGED = 0x0000f8,
};

/* Of a type's numbers the one that files have comes first: 11 and 12 are libpcap's own, 12 is 14 on
 * OpenBSD. */
static const struct {
    uint16_t number;
    uint16_t link;
} links[] = {
    {0, LINK_LOOPBACK},      {1, LINK_ETHERNET},
    {6, LINK_TOKEN_RING},    {9, LINK_PPP},
    {10, LINK_FDDI},         {101, LINK_RAW_IP},
    {12, LINK_RAW_IP},       {14, LINK_RAW_IP},
    {50, LINK_PPP},          {51, LINK_PPP_ETHER},
    {100, LINK_LLC},         {11, LINK_LLC},
    {104, LINK_CISCO_HDLC},  {105, LINK_WIFI},
    {107, LINK_FRAME_RELAY}, {108, LINK_LOOPBACK_BIG},
    {109, LINK_ENC},         {113, LINK_COOKED_V1},
    {117, LINK_PFLOG},       {119, LINK_PRISM},
    {127, LINK_RADIOTAP},    {138, LINK_FIREWIRE},
    {163, LINK_AVS},         {166, LINK_PPP},
    {192, LINK_PPI},         {204, LINK_PPP_DIRECTED},
    {228, LINK_IPV4},        {229, LINK_IPV6},
    {239, LINK_NFLOG},       {258, LINK_PKTAP},
    {276, LINK_COOKED_V2},
};

enum link_type link_of_number(uint32_t number)
{
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (links[i].number == number)
            return (enum link_type)links[i].link;
    }
    return LINK_UNKNOWN;
}

uint16_t link_number(enum link_type link)
{
    enum { USER = 147 }; /* whose meaning the reader knows */

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        if (links[i].link == link)
            return links[i].number;
    }
    return USER;
}

/* ISO's network layer identifiers, RFC 2427. */
static enum packet_kind parse_nlpid(struct link_view view, struct packet *packet)
{
    if (!link_view_has(&view, 1))
        return PACKET_OTHER;
    uint8_t identifier = view.at[0];
    link_view_skip(&view, 1);
    if (identifier == 0xcc)
        return link_view_parse(&view, ETHERTYPE_IPV4, packet);
    if (identifier == 0x8e)
        return link_view_parse(&view, ETHERTYPE_IPV6, packet);
    if (identifier != 0x80 || !link_view_has(&view, 5) || view.at[0] | view.at[1] | view.at[2])
        return PACKET_OTHER;
    uint16_t ethertype = load_be16(view.at + 3);
    link_view_skip(&view, 5);
    return link_view_parse(&view, ethertype, packet);
}

enum packet_kind link_parse_llc(struct link_view view, struct packet *packet)
{
    if (!link_view_has(&view, 3) || view.at[0] != view.at[1] || view.at[2] != 3)
        return PACKET_OTHER;
    uint8_t service = view.at[0];
    link_view_skip(&view, 3);
    if (service == 0x06)
        return link_view_parse(&view, ETHERTYPE_IPV4, packet);
    if (service == 0xfe)
        return parse_nlpid(view, packet);
    if (service != 0xaa || !link_view_has(&view, 5))
        return PACKET_OTHER;
    uint32_t organisation = load_be32(view.at) >> 8;
    uint16_t ethertype = load_be16(view.at + 3);
    link_view_skip(&view, 5);
    if (organisation != 0 && organisation != ORGANISATION_BRIDGED)
        return PACKET_OTHER;
    return link_view_parse(&view, ethertype, packet);
}

/* A length where the EtherType would be, behind up to two VLAN tags. */
static enum packet_kind parse_ethernet_llc(struct link_view view, struct packet *packet)
{
    for (int tags = 0; tags <= PACKET_VLAN_TAGS_MAX; tags++) {
        uint32_t header = tags == 0 ? 14 : 4;

        if (!link_view_has(&view, header))
            return PACKET_OTHER;
        uint16_t type = load_be16(view.at + header - 2);
        link_view_skip(&view, header);
        if (type <= ETHERNET_LENGTH_MAX) {
            link_view_limit(&view, type);
            return link_parse_llc(view, packet);
        }
        if (type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE_VLAN && type != ETHERTYPE_OLD_QINQ)
            return PACKET_OTHER;
    }
    return PACKET_OTHER;
}

static enum packet_kind parse_cooked_llc(struct link_view view, uint32_t at, uint32_t header,
                                         struct packet *packet)
{
    if (!link_view_has(&view, header) || load_be16(view.at + at) != COOKED_LLC)
        return PACKET_OTHER;
    link_view_skip(&view, header);
    return link_parse_llc(view, packet);
}

/* The EtherType at the end of a header. */
static enum packet_kind parse_typed(struct link_view view, uint32_t header, struct packet *packet)
{
    if (!link_view_has(&view, header))
        return PACKET_OTHER;
    uint16_t ethertype = load_be16(view.at + header - 2);
    link_view_skip(&view, header);
    return link_view_parse(&view, ethertype, packet);
}

/* RFC 1661 and 1662; the address may tell the direction instead (pppd's). */
static enum packet_kind parse_ppp(struct link_view view, struct packet *packet)
{
    if (!link_view_has(&view, 2))
        return PACKET_OTHER;
    if (view.at[0] == 0x0f || view.at[0] == 0x8f) /* Cisco's unicast and broadcast */
        return parse_typed(view, 4, packet);
    if ((view.at[0] == 0xff || view.at[0] <= 1) && view.at[1] == 3)
        link_view_skip(&view, 2);
    bool compressed = link_view_has(&view, 1) && view.at[0] & 1;
    if (!link_view_has(&view, compressed ? 1 : 2))
        return PACKET_OTHER;
    uint32_t protocol = compressed ? view.at[0] : load_be16(view.at);
    link_view_skip(&view, compressed ? 1 : 2);
    if (protocol == 0x21)
        return link_view_parse(&view, ETHERTYPE_IPV4, packet);
    return protocol == 0x57 ? link_view_parse(&view, ETHERTYPE_IPV6, packet) : PACKET_OTHER;
}

/* RFC 2427 behind addresses of two to four bytes, the last of which has its lowest bit set. */
static enum packet_kind parse_frame_relay(struct link_view view, struct packet *packet)
{
    for (int bytes = 0; link_view_has(&view, 1) && bytes < 4; bytes++) {
        bool last = view.at[0] & 1;

        link_view_skip(&view, 1);
        if (!last)
            continue;
        if (!link_view_skip(&view, 1)) /* control */
            return PACKET_OTHER;
        if (link_view_has(&view, 1) && view.at[0] == 0) /* padding */
            link_view_skip(&view, 1);
        return parse_nlpid(view, packet);
    }
    return PACKET_OTHER;
}

static enum packet_kind parse_token_ring(struct link_view view, struct packet *packet)
{
    uint32_t header = 14;

    if (!link_view_has(&view, header) || (view.at[1] & 0xc0) != 0x40)
        return PACKET_OTHER;
    if (view.at[8] & 0x80) { /* source routed */
        if (!link_view_has(&view, header + 2))
            return PACKET_OTHER;
        header += view.at[14] & 31;
    }
    return link_view_skip(&view, header) ? link_parse_llc(view, packet) : PACKET_OTHER;
}

/* Attributes of four bytes and a value, the packet among them. They have the recorder's byte order,
 * but a type is a small number. */
static enum packet_kind parse_nflog(struct link_view view, struct packet *packet)
{
    enum { HEADER = 4, PAYLOAD = 9 };

    if (!link_view_has(&view, HEADER))
        return PACKET_OTHER;
    uint16_t ethertype = link_family_ethertype(view.at[0]);
    link_view_skip(&view, HEADER);
    while (link_view_has(&view, HEADER)) {
        bool little = view.at[3] == 0;
        uint32_t size = little ? load_le16(view.at) : load_be16(view.at);
        uint32_t type = little ? load_le16(view.at + 2) : load_be16(view.at + 2);

        if (size < HEADER)
            return PACKET_OTHER;
        if (type == PAYLOAD) {
            link_view_skip(&view, HEADER);
            link_view_limit(&view, size - HEADER);
            return link_view_parse(&view, ethertype, packet);
        }
        if (!link_view_skip(&view, (size + 3) & ~3u))
            return PACKET_OTHER;
    }
    return PACKET_OTHER;
}

static enum packet_kind parse_family(struct link_view view, uint32_t family, uint32_t header,
                                     struct packet *packet)
{
    uint16_t ethertype = link_family_ethertype(family);

    return link_view_skip(&view, header) ? link_view_parse(&view, ethertype, packet) : PACKET_OTHER;
}

/* The headers that name the link type of what follows them, which names none in turn. */
static enum packet_kind parse_nested(const struct frame *frame, struct packet *packet)
{
    bool pktap = frame->link == LINK_PKTAP;
    struct link_view view = {frame->data, frame->data + frame->length, frame->wire_length};

    if (!link_view_has(&view, pktap ? 12 : 8))
        return PACKET_OTHER;
    uint32_t header = pktap ? load_le32(view.at) : load_le16(view.at + 2);
    struct frame inner = *frame;
    inner.link = link_of_number(load_le32(view.at + (pktap ? 8 : 4)));
    if (inner.link == LINK_PKTAP || inner.link == LINK_PPI || !link_view_skip(&view, header))
        return PACKET_OTHER;
    inner.data += header;
    inner.length -= header;
    inner.wire_length -= header;
    return link_parse(&inner, packet);
}

enum packet_kind link_parse_rare(const struct frame *frame, struct packet *packet)
{
    struct link_view view = {frame->data, frame->data + frame->length, frame->wire_length};

    switch (frame->link) {
    case LINK_ETHERNET:
        return parse_ethernet_llc(view, packet);
    case LINK_COOKED_V1:
        return parse_cooked_llc(view, 14, 16, packet);
    case LINK_COOKED_V2:
        return parse_cooked_llc(view, 0, 20, packet);
    case LINK_PPP_DIRECTED:
        return link_view_skip(&view, 1) ? parse_ppp(view, packet) : PACKET_OTHER;
    case LINK_PPP:
        return parse_ppp(view, packet);
    case LINK_PPP_ETHER:
        return link_view_skip(&view, 6) ? parse_ppp(view, packet) : PACKET_OTHER;
    case LINK_CISCO_HDLC:
        return parse_typed(view, 4, packet);
    case LINK_FRAME_RELAY:
        return parse_frame_relay(view, packet);
    case LINK_LLC:
        return link_parse_llc(view, packet);
    case LINK_TOKEN_RING:
        return parse_token_ring(view, packet);
    case LINK_FDDI:
        return link_view_skip(&view, 13) ? link_parse_llc(view, packet) : PACKET_OTHER;
    case LINK_FIREWIRE:
        return parse_typed(view, 18, packet);
    case LINK_WIFI:
        return link_parse_wifi(view, false, packet);
    case LINK_RADIOTAP:
        return link_parse_radiotap(view, packet);
    case LINK_PRISM:
        return link_parse_prism(view, packet);
    case LINK_AVS:
        return link_parse_avs(view, packet);
    case LINK_NFLOG:
        return parse_nflog(view, packet);
    case LINK_PFLOG:
        return link_view_has(&view, 2)
                   ? parse_family(view, view.at[1], (view.at[0] + 3u) & ~3u, packet)
                   : PACKET_OTHER;
    case LINK_ENC:
        return link_view_has(&view, 12) ? parse_family(view, link_family(frame), 12, packet)
                                        : PACKET_OTHER;
    case LINK_PPI:
    case LINK_PKTAP:
        return parse_nested(frame, packet);
    default:
        return PACKET_OTHER;
    }
}
