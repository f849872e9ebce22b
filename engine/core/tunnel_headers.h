// SPDX-License-Identifier: BSD-2-Clause
/* The headers of tunnels: how long they are, what follows them, and the number that tells one
 * tunnel from another (BPF-safe). Nothing outside [cursor, end) is read. */
#ifndef AFXDP_TUNNEL_HEADERS_H
#define AFXDP_TUNNEL_HEADERS_H

#include "packet.h"

/* In the order of TUNNEL_NAMES; a flow's identity depends on them. */
enum tunnel_kind {
    TUNNEL_VXLAN,
    TUNNEL_VXLAN_GPE,
    TUNNEL_GENEVE,
    TUNNEL_GRE,
    TUNNEL_NVGRE,
    TUNNEL_ERSPAN,
    TUNNEL_IP,
    TUNNEL_GTP,
    TUNNEL_MPLS,
    TUNNEL_PPPOE,
    TUNNEL_PBB,
    TUNNEL_KINDS,
    TUNNEL_VLAN = TUNNEL_KINDS, /* these two are none, and part of an identity as if they were */
    TUNNEL_INTERFACE,
};

#define TUNNEL_NAMES                                                                               \
    "vxlan", "vxlan-gpe", "geneve", "gre", "nvgre", "erspan", "ip", "gtp", "mpls", "pppoe", "pbb"

#define TUNNELS_ALL ((1u << TUNNEL_KINDS) - 1)

enum {
    PROTOCOL_IPV4 = 4,
    PROTOCOL_IPV6 = 41,
    PROTOCOL_GRE = 47,
    PROTOCOL_MPLS = 137,

    PORT_GTP = 2152,
    PORT_VXLAN = 4789,
    PORT_VXLAN_GPE = 4790,
    PORT_GENEVE = 6081,

    ETHERTYPE_BRIDGED = 0x6558, /* an Ethernet frame */
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_BACKBONE = 0x88e7,
    ETHERTYPE_ERSPAN = 0x88be,
    ETHERTYPE_ERSPAN_3 = 0x22eb,
    TUNNEL_TRANSPORT = 1, /* no EtherType: what follows an IP header */

    VLAN_IDENTIFIER_MASK = 0xfff,
    TUNNEL_LABELS_MAX = 8,         /* of MPLS, one upon the other */
    TUNNEL_GTP_EXTENSIONS_MAX = 4, /* headers */
    TUNNEL_HEADER_MASK = 0x1fff,   /* longer than any header */
    NVGRE_SUBNET_LEAST = 0x1000,   /* RFC 7637: those below are reserved */
};

#ifdef __bpf__
/* What is stored before is loaded anew: the verifier has one state, whichever header led here. */
#define TUNNEL_FORGET() __asm__ volatile("" : : : "memory")
/* Larger than any frame's first buffer, which is where the verifier wants a limit: together with
 * IPv6's extension headers below 0xffff. */
#define TUNNEL_OFFSET(offset) ((offset)&0x3fff)
#else
#define TUNNEL_FORGET() ((void)0)
#define TUNNEL_OFFSET(offset) (offset)
#endif

struct tunnel_header {
    uint32_t length; /* bytes, up to what it carries */
    uint32_t type;   /* EtherType of that; 0: no such header, nothing that could be opened */
    uint32_t kind;   /* enum tunnel_kind */
    uint32_t number; /* VNI, key, TEID, label, session, 0 where there is none */
    uint32_t limit;  /* bytes from the header on that it says there are; 0: it doesn't say */
};

ALWAYS_INLINE uint32_t tunnel_load32(const uint8_t *p)
{
    return (uint32_t)load_be16(p) << 16 | load_be16(p + 2);
}

/* Kinds that such a packet may be. */
ALWAYS_INLINE uint32_t tunnel_kinds_of_transport(uint32_t protocol, uint32_t port)
{
    switch (protocol) {
    case PROTOCOL_UDP:
        return (uint32_t)(port == PORT_VXLAN) << TUNNEL_VXLAN |
               (uint32_t)(port == PORT_VXLAN_GPE) << TUNNEL_VXLAN_GPE |
               (uint32_t)(port == PORT_GENEVE) << TUNNEL_GENEVE |
               (uint32_t)(port == PORT_GTP) << TUNNEL_GTP;
    case PROTOCOL_IPV4:
    case PROTOCOL_IPV6:
        return 1u << TUNNEL_IP;
    case PROTOCOL_GRE:
        return 1u << TUNNEL_GRE | 1u << TUNNEL_NVGRE | 1u << TUNNEL_ERSPAN;
    case PROTOCOL_MPLS:
        return 1u << TUNNEL_MPLS;
    default:
        return 0;
    }
}

#define TUNNEL_BIT(number) (UINT64_C(1) << ((number)&63))

/* Whether such a packet may be any kind: a test of one bit, which says yes to a few others too. */
ALWAYS_INLINE bool tunnel_is_likely(uint32_t protocol, uint32_t port)
{
    const uint64_t ports = TUNNEL_BIT(PORT_VXLAN) | TUNNEL_BIT(PORT_VXLAN_GPE) |
                           TUNNEL_BIT(PORT_GENEVE) | TUNNEL_BIT(PORT_GTP);
    const uint64_t protocols = TUNNEL_BIT(PROTOCOL_IPV4) | TUNNEL_BIT(PROTOCOL_IPV6) |
                               TUNNEL_BIT(PROTOCOL_GRE) | TUNNEL_BIT(PROTOCOL_MPLS);
    bool udp = protocol == PROTOCOL_UDP;

    return (udp ? ports : protocols) >> ((udp ? port : protocol) & 63) & 1;
}

ALWAYS_INLINE uint32_t tunnel_kinds_of_ethertype(uint32_t type)
{
    switch (type) {
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        return 1u << TUNNEL_MPLS;
    case ETHERTYPE_PPPOE:
        return 1u << TUNNEL_PPPOE;
    case ETHERTYPE_BACKBONE:
        return 1u << TUNNEL_PBB;
    default:
        return 0;
    }
}

/* What may be in an Ethernet frame of a pseudowire, to tell it from a frame four bytes on. */
ALWAYS_INLINE bool tunnel_is_known_type(uint32_t type)
{
    return type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6 || type == ETHERTYPE_VLAN ||
           type == ETHERTYPE_SERVICE_VLAN || type == ETHERTYPE_OLD_QINQ ||
           tunnel_kinds_of_ethertype(type) != 0;
}

/* RFC 3032, 4385, 4448: labels down to the bottom of the stack, whose first nibble tells what
 * follows: IP, or a pseudowire's Ethernet frame, behind a control word (which begins with 0) or
 * not. The bottom label counts: those above it change on the way. */
ALWAYS_INLINE struct tunnel_header tunnel_read_mpls(const uint8_t *cursor, const uint8_t *end)
{
    struct tunnel_header header = {.kind = TUNNEL_MPLS};
    const uint8_t *at = cursor;
    bool bottom = false;

    for (int labels = 0; labels < TUNNEL_LABELS_MAX && !bottom; labels++) {
        if (at + 4 > end)
            return header;
        bottom = at[2] & 1;
        header.number = tunnel_load32(at) >> 12;
        header.length += 4;
        at += 4;
    }
    if (!bottom || at + 1 > end)
        return header;
    uint32_t nibble = at[0] >> 4;
    if (nibble == 4) {
        header.type = ETHERTYPE_IPV4;
    } else if (nibble == 6) {
        header.type = ETHERTYPE_IPV6;
    } else if (nibble == 0 && at + 18 <= end && tunnel_is_known_type(load_be16(at + 16))) {
        header.length += 4;
        header.type = ETHERTYPE_BRIDGED;
    } else if (at + 14 <= end && tunnel_is_known_type(load_be16(at + 12))) {
        header.type = ETHERTYPE_BRIDGED;
    }
    return header;
}

/* RFC 2516: a session's packet, whose protocol number may be one byte. */
ALWAYS_INLINE struct tunnel_header tunnel_read_pppoe(const uint8_t *cursor, const uint8_t *end)
{
    struct tunnel_header header = {.kind = TUNNEL_PPPOE, .length = 8};

    if (cursor + 8 > end || cursor[0] != 0x11 || cursor[1] != 0)
        return header;
    header.number = load_be16(cursor + 2);
    header.limit = 6u + load_be16(cursor + 4);
    uint32_t protocol = load_be16(cursor + 6);
    if (protocol & 0x100) {
        header.length = 7;
        protocol >>= 8;
    }
    if (protocol == 0x21)
        header.type = ETHERTYPE_IPV4;
    else if (protocol == 0x57)
        header.type = ETHERTYPE_IPV6;
    return header;
}

/* IEEE 802.1ah: the service identifier, then the customer's frame. */
ALWAYS_INLINE struct tunnel_header tunnel_read_pbb(const uint8_t *cursor, const uint8_t *end)
{
    struct tunnel_header header = {.kind = TUNNEL_PBB, .length = 4};

    if (cursor + 4 > end)
        return header;
    header.number = tunnel_load32(cursor) & 0xffffff;
    header.type = ETHERTYPE_BRIDGED;
    return header;
}

ALWAYS_INLINE struct tunnel_header tunnel_read_link(uint32_t type, const uint8_t *cursor,
                                                    const uint8_t *end)
{
    if (type == ETHERTYPE_PPPOE)
        return tunnel_read_pppoe(cursor, end);
    if (type == ETHERTYPE_BACKBONE)
        return tunnel_read_pbb(cursor, end);
    return tunnel_read_mpls(cursor, end);
}

/* ERSPAN behind GRE: the first kind has no header, the second one of 8 bytes behind a sequence
 * number, the third one of 12 and maybe 8 more; the session tells it from others. */
ALWAYS_INLINE struct tunnel_header tunnel_read_erspan(uint32_t flags, uint32_t type,
                                                      uint32_t length, const uint8_t *cursor,
                                                      const uint8_t *end)
{
    struct tunnel_header header = {.kind = TUNNEL_ERSPAN, .length = length};
    const uint8_t *at = cursor + length;

    if (type == ETHERTYPE_ERSPAN && !(flags & 0x1000)) {
        header.type = ETHERTYPE_BRIDGED;
        return header;
    }
    if (type == ETHERTYPE_ERSPAN) {
        header.length += 8;
        if (at + 8 > end || at[0] >> 4 != 1)
            return header;
    } else {
        header.length += 12;
        if (at + 12 > end || at[0] >> 4 != 2 || at[10] & 0x7c) /* no Ethernet frame */
            return header;
        if (at[11] & 1)
            header.length += 8;
    }
    header.number = load_be16(at + 2) & 0x3ff;
    header.type = ETHERTYPE_BRIDGED;
    return header;
}

/* RFC 2784 and 2890. A bridged frame with a key alone is NVGRE's (RFC 7637) where the key's upper
 * 24 bits are a subnet; its lower 8 only spread flows. */
ALWAYS_INLINE struct tunnel_header tunnel_read_gre(const uint8_t *cursor, const uint8_t *end)
{
    struct tunnel_header header = {.kind = TUNNEL_GRE};

    if (cursor + 4 > end)
        return header;
    uint32_t flags = load_be16(cursor);
    uint32_t type = load_be16(cursor + 2);
    if (flags & 0x4007) /* source routes; another version */
        return header;
    uint32_t key = 4 + (flags >> 13 & 4);
    uint32_t length = key + (flags >> 11 & 4) + (flags >> 10 & 4);
    if (flags & 0x2000) {
        if (cursor + key + 4 > end)
            return header;
        header.number = tunnel_load32(cursor + key);
    }
    if (type == ETHERTYPE_ERSPAN || type == ETHERTYPE_ERSPAN_3)
        return tunnel_read_erspan(flags, type, length, cursor, end);
    header.length = length;
    if (type == ETHERTYPE_BRIDGED && (flags & 0xb000) == 0x2000 &&
        header.number >> 8 >= NVGRE_SUBNET_LEAST) {
        header.kind = TUNNEL_NVGRE;
        header.number >>= 8;
    }
    if (tunnel_is_known_type(type) || type == ETHERTYPE_BRIDGED)
        header.type = type;
    return header;
}

ALWAYS_INLINE struct tunnel_header tunnel_read_ip(uint32_t protocol, const uint8_t *cursor,
                                                  const uint8_t *end)
{
    if (protocol == PROTOCOL_GRE)
        return tunnel_read_gre(cursor, end);
    if (protocol == PROTOCOL_MPLS)
        return tunnel_read_mpls(cursor, end);
    return (struct tunnel_header){
        .kind = TUNNEL_IP, .type = protocol == PROTOCOL_IPV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6};
}

/* 3GPP TS 29.281: a G-PDU holds an IP packet, behind up to four extension headers. */
ALWAYS_INLINE struct tunnel_header tunnel_read_gtp(const uint8_t *cursor, const uint8_t *end)
{
    struct tunnel_header header = {.kind = TUNNEL_GTP, .length = 16};

    if (cursor + 16 > end || (cursor[8] & 0xf0) != 0x30 || cursor[9] != 0xff)
        return header;
    header.number = tunnel_load32(cursor + 12);
    header.limit = 16u + load_be16(cursor + 10);
    if (cursor[8] & 7) {
        if (cursor + 20 > end)
            return header;
        header.length = 20;
        uint8_t next = cursor[8] & 4 ? cursor[19] : 0;

        for (int headers = 0; headers < TUNNEL_GTP_EXTENSIONS_MAX && next; headers++) {
            const uint8_t *at = cursor + header.length;

            if (at + 4 > end || at[0] == 0)
                return header;
            uint32_t last = header.length + (uint32_t)at[0] * 4 - 1;
            OPAQUE(last);
            last &= TUNNEL_HEADER_MASK;
            if (cursor + last + 1 > end)
                return header;
            next = cursor[last];
            header.length = last + 1;
        }
        if (next)
            return header;
    }
    if (cursor + header.length + 1 > end)
        return header;
    uint32_t version = cursor[header.length] >> 4;
    if (version == 4 || version == 6)
        header.type = version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    return header;
}

/* RFC 7348, and its generic protocol extension (draft-ietf-nvo3-vxlan-gpe). */
ALWAYS_INLINE struct tunnel_header tunnel_read_vxlan(uint32_t kind, const uint8_t *cursor,
                                                     const uint8_t *end)
{
    struct tunnel_header header = {.kind = kind, .length = 16};

    if (cursor + 16 > end || !(cursor[8] & 0x08)) /* the VNI is valid */
        return header;
    header.number = tunnel_load32(cursor + 12) >> 8;
    header.type = ETHERTYPE_BRIDGED;
    if (kind == TUNNEL_VXLAN_GPE && cursor[8] & 0x04) {
        uint8_t next = cursor[11];

        header.type = next == 1   ? ETHERTYPE_IPV4
                      : next == 2 ? ETHERTYPE_IPV6
                      : next == 3 ? ETHERTYPE_BRIDGED
                      : next == 5 ? ETHERTYPE_MPLS
                                  : 0;
    }
    return header;
}

/* RFC 8926. */
ALWAYS_INLINE struct tunnel_header tunnel_read_geneve(const uint8_t *cursor, const uint8_t *end)
{
    struct tunnel_header header = {.kind = TUNNEL_GENEVE};

    if (cursor + 16 > end || cursor[8] >> 6 != 0)
        return header;
    header.length = 16 + (uint32_t)(cursor[8] & 0x3f) * 4;
    header.number = tunnel_load32(cursor + 12) >> 8;
    uint32_t type = load_be16(cursor + 10);
    if (tunnel_is_known_type(type) || type == ETHERTYPE_BRIDGED)
        header.type = type;
    return header;
}

/* `cursor` is at the UDP header. */
ALWAYS_INLINE struct tunnel_header tunnel_read_udp(uint32_t port, const uint8_t *cursor,
                                                   const uint8_t *end)
{
    struct tunnel_header header;

    if (port == PORT_GTP)
        header = tunnel_read_gtp(cursor, end);
    else if (port == PORT_GENEVE)
        header = tunnel_read_geneve(cursor, end);
    else
        header =
            tunnel_read_vxlan(port == PORT_VXLAN ? TUNNEL_VXLAN : TUNNEL_VXLAN_GPE, cursor, end);
    if (header.type == 0)
        return header;
    uint32_t limit = load_be16(cursor + 4);
    if (limit == 0)
        header.type = 0;
    if (header.limit == 0 || limit < header.limit)
        header.limit = limit;
    return header;
}

#endif
