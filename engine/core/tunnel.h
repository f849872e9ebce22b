// SPDX-License-Identifier: BSD-2-Clause
/* Tunnels: from a packet to the one that it carries, level by level (BPF-safe).
 *
 *     tunnel_begin ─► tunnel_open ─► tunnel_open … until nothing opens, TUNNEL_LEVELS at most
 *
 * A level is opened only when an IP packet that the parser takes, or another tunnel, is in it: what
 * can't be opened stays closed, and the packet around it counts. So opening never makes a packet
 * malformed, and a port that happens to be a tunnel's does no harm. Specification: the table
 * "Tunnels, exactly" in docs/design.md.
 *
 * The kernel's verifier is asked about one level at a time: all that a level leaves for the next
 * lies in struct tunnel, which is memory that the verifier forgets. */
#ifndef AFXDP_TUNNEL_H
#define AFXDP_TUNNEL_H

#include "tunnel_headers.h"

enum { TUNNEL_LEVELS = 4 };

/* What is told apart by more than addresses, ports and protocol: bits of tunnel_options.key. */
enum tunnel_key {
    TUNNEL_KEY_TUNNEL = 1,    /* the tunnels' identifiers */
    TUNNEL_KEY_VLAN = 2,      /* VLAN identifiers, outer and inner */
    TUNNEL_KEY_INTERFACE = 4, /* where a frame was seen; not for BPF, where that is one interface */
};

struct tunnel_options {
    uint32_t kinds; /* bits of 1 << enum tunnel_kind; 0: none is opened */
    uint32_t key;   /* enum tunnel_key */
};

/* Whether there is anything to do beyond packet_parse. */
ALWAYS_INLINE bool tunnel_options_look(const struct tunnel_options *options)
{
    return options->kinds != 0 || (options->key & (TUNNEL_KEY_VLAN | TUNNEL_KEY_INTERFACE)) != 0;
}

/* Where the way into a packet has come to. */
struct tunnel {
    uint64_t identity;  /* of all levels opened so far */
    uint64_t taken;     /* the identity of the packet in hand: what is around it */
    uint32_t offset;    /* of the bytes that may hold the next level */
    uint32_t available; /* what the packet has on the wire from there, bytes */
    uint32_t type;      /* what they are: TUNNEL_TRANSPORT, or an EtherType */
};

/* One identifier more. For a single level no two of a kind meet: every step can be undone. */
ALWAYS_INLINE uint64_t tunnel_identify(uint64_t identity, uint32_t kind, uint32_t number)
{
    identity ^= (uint64_t)(kind + 1) << 32 | number;
    identity *= 0x9e3779b97f4a7c15;
    return identity ^ identity >> 29;
}

/* Reads the link header's end: `tunnel` is at what an EtherType names. Goes behind up to two VLAN
 * tags, and into an Ethernet frame first where it is one. False where it is cut short. */
ALWAYS_INLINE bool tunnel_skip_link(uint32_t key, const uint8_t *data, const uint8_t *end,
                                    struct tunnel *tunnel)
{
    uint32_t type = tunnel->type;
    const uint8_t *cursor = data + TUNNEL_OFFSET(tunnel->offset);
    uint32_t taken = 0;
    uint64_t identity = tunnel->identity;

    if (type == ETHERTYPE_BRIDGED) {
        if (cursor + 14 > end)
            return false;
        type = load_be16(cursor + 12);
        taken = 14;
        cursor += 14;
    }
    for (int tags = 0; tags < PACKET_VLAN_TAGS_MAX; tags++) {
        if (type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE_VLAN && type != ETHERTYPE_OLD_QINQ)
            break;
        if (cursor + 4 > end)
            return false;
        if (key & TUNNEL_KEY_VLAN)
            identity =
                tunnel_identify(identity, TUNNEL_VLAN, load_be16(cursor) & VLAN_IDENTIFIER_MASK);
        type = load_be16(cursor + 2);
        taken += 4;
        cursor += 4;
    }
    if (taken > tunnel->available)
        return false;
    tunnel->type = type;
    tunnel->offset += taken;
    tunnel->available -= taken;
    tunnel->identity = identity;
    return true;
}

/* The transport of an IP packet that was parsed is where the next level may begin. */
ALWAYS_INLINE void tunnel_at_transport(const uint8_t *data, const uint8_t *end,
                                       const struct packet *packet, struct tunnel *tunnel)
{
    uint64_t size = (uint64_t)(end - data);

    OPAQUE(size); /* else clang subtracts from a pointer, which the verifier doesn't take */
    tunnel->type = TUNNEL_TRANSPORT;
    tunnel->offset = (uint32_t)size - packet->seen;
    tunnel->available = packet->behind;
    tunnel->taken = tunnel->identity;
}

/* Begins with a packet of a link type of which `header` bytes stand before the EtherType's content,
 * and with what packet_parse said of it, `kind`. */
ALWAYS_INLINE bool tunnel_begin(uint32_t key, enum packet_kind kind, const uint8_t *data,
                                const uint8_t *end, const struct packet *packet,
                                struct tunnel *tunnel)
{
    if (kind == PACKET_MALFORMED)
        return false;
    if ((kind == PACKET_OTHER || key & TUNNEL_KEY_VLAN) &&
        !tunnel_skip_link(key, data, end, tunnel))
        return false;
    if (kind == PACKET_IP)
        tunnel_at_transport(data, end, packet, tunnel);
    return true;
}

/* Whether a level may begin there: the little that most packets are asked. */
ALWAYS_INLINE bool tunnel_may_open(uint32_t kinds, const struct packet *packet,
                                   const struct tunnel *tunnel)
{
    if (tunnel->type == TUNNEL_TRANSPORT)
        return packet->seen != 0 &&
               kinds & tunnel_kinds_of_transport(packet->protocol, packet->destination_port);
    return (kinds & tunnel_kinds_of_ethertype(tunnel->type)) != 0;
}

/* Goes behind the tunnel's own header: `tunnel` is then at what it carries. */
ALWAYS_INLINE bool tunnel_enter(const struct tunnel_options *options, const uint8_t *data,
                                const uint8_t *end, const struct packet *packet,
                                struct tunnel *tunnel)
{
    const uint8_t *cursor = data + TUNNEL_OFFSET(tunnel->offset);
    struct tunnel_header header = {0};

    if (tunnel->type != TUNNEL_TRANSPORT)
        header = tunnel_read_link(tunnel->type, cursor, end);
    else if (packet->protocol == PROTOCOL_UDP)
        header = tunnel_read_udp(packet->destination_port, cursor, end);
    else
        header = tunnel_read_ip(packet->protocol, cursor, end);
    uint32_t available = tunnel->available;
    if (header.limit != 0 && header.limit < available)
        available = header.limit;
    if (header.type == 0 || !(options->kinds & 1u << header.kind) || header.length > available)
        return false;
    if (options->key & TUNNEL_KEY_TUNNEL)
        tunnel->identity = tunnel_identify(tunnel->identity, header.kind, header.number);
    tunnel->type = header.type;
    tunnel->offset += header.length;
    tunnel->available = available - header.length;
    return true;
}

/* Parses what `tunnel` is at, into *packet if it is IP. What was there is put aside rather than
 * what is in it copied: a copy of what was written a moment ago makes the CPU wait for the store
 * buffer.
 */
ALWAYS_INLINE bool tunnel_parse(uint32_t kinds, const uint8_t *data, const uint8_t *end,
                                struct packet *packet, struct packet *outer, struct tunnel *tunnel)
{
    const uint8_t *cursor = data + TUNNEL_OFFSET(tunnel->offset);

    if (tunnel->type != ETHERTYPE_IPV4 && tunnel->type != ETHERTYPE_IPV6)
        return tunnel_may_open(kinds, packet, tunnel);
    *outer = *packet;
    if (packet_parse_network((uint16_t)tunnel->type, cursor, end, tunnel->available, packet) !=
        PACKET_IP) {
        *packet = *outer;
        return false;
    }
    tunnel_at_transport(data, end, packet, tunnel);
    return true;
}

/* Opens one level. True: `tunnel` has come one level further, and *packet is what is in it, or what
 * it was where one more tunnel comes first. `outer` is scratch. */
ALWAYS_INLINE bool tunnel_open(const struct tunnel_options *options, const uint8_t *data,
                               const uint8_t *end, struct packet *packet, struct packet *outer,
                               struct tunnel *tunnel)
{
    if (!tunnel_enter(options, data, end, packet, tunnel))
        return false;
    TUNNEL_FORGET();
    if (!tunnel_skip_link(options->key, data, end, tunnel))
        return false;
    TUNNEL_FORGET();
    return tunnel_parse(options->kinds, data, end, packet, outer, tunnel);
}

/* Makes what is around the packet part of its flow's key. IPv4 has room for all of the identity
 * beside its addresses; an IPv6 packet's flow is told apart by 16 bits of it. */
ALWAYS_INLINE void tunnel_mark(const struct tunnel *tunnel, struct packet *packet)
{
    uint64_t identity = tunnel->taken;

    if (packet->version == 4) {
        packet->source[1] = identity;
        packet->destination[1] = identity;
    }
    packet->realm = (uint16_t)(identity >> 48);
}

/* Takes that out again, for who asks about the hosts alone. */
ALWAYS_INLINE void tunnel_unmark(struct packet *packet)
{
    if (packet->version == 4) {
        packet->source[1] = 0;
        packet->destination[1] = 0;
    }
    packet->realm = 0;
}

#endif
