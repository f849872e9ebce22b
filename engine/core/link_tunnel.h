// SPDX-License-Identifier: BSD-2-Clause
/* From a frame of any link type to its innermost packet. */
#ifndef AFXDP_LINK_TUNNEL_H
#define AFXDP_LINK_TUNNEL_H

#include "link_layer.h"
#include "tunnel.h"

/* From what link_parse said of a frame, `kind`, into the tunnels that the options name. */
enum packet_kind link_open_tunnels(const struct frame *frame, const struct tunnel_options *options,
                                   enum packet_kind kind, struct packet *packet);

/* The short way to what is in most tunnels: an Ethernet frame with IPv4 in VXLAN in IPv4 without
 * options, neither tagged. False: it is something else, and *packet is undefined. */
ALWAYS_INLINE bool link_open_vxlan(const struct frame *frame, const struct tunnel_options *options,
                                   struct packet *packet)
{
    enum { IP = 14, UDP = IP + 20, INNER = UDP + 8 + 8 + 14 }; /* UDP, VXLAN, Ethernet */
    const uint8_t *data = frame->data;
    const uint8_t *end = data + frame->length;

    if (frame->length < INNER || load_be16(data + UDP + 2) != PORT_VXLAN)
        return false; /* the little that most frames are asked */
    uint32_t length = load_be16(data + IP + 2);
    if (load_be16(data + IP - 2) != ETHERTYPE_IPV4 || data[IP] != 0x45 ||
        data[IP + 9] != PROTOCOL_UDP || load_be16(data + IP + 6) & 0x1fff ||
        load_be16(data + INNER - 2) != ETHERTYPE_IPV4 || IP + length > frame->wire_length)
        return false;
    const struct tunnel_header header = tunnel_read_udp(PORT_VXLAN, data + UDP, end);
    uint32_t available = header.limit < length - (UDP - IP) ? header.limit : length - (UDP - IP);
    if (header.type == 0 || length < INNER - IP || available < INNER - UDP)
        return false;
    *packet = (struct packet){0};
    if (packet_parse_ipv4(data + INNER, end, available - (INNER - UDP), packet) != PACKET_IP ||
        tunnel_is_likely(packet->protocol, packet->destination_port))
        return false;
    const struct tunnel tunnel = {.taken = options->key & TUNNEL_KEY_TUNNEL
                                               ? tunnel_identify(0, TUNNEL_VXLAN, header.number)
                                               : 0};
    tunnel_mark(&tunnel, packet);
    return true;
}

/* As link_parse, and goes into the tunnels that the options name. Tunnels without IP around them
 * (MPLS, PPPoE, PBB) are looked for where the link header names them by an EtherType. */
ALWAYS_INLINE enum packet_kind link_parse_tunnels(const struct frame *frame,
                                                  const struct tunnel_options *options,
                                                  struct packet *packet)
{
    bool outer = options->key & (TUNNEL_KEY_VLAN | TUNNEL_KEY_INTERFACE);

    if (frame->link == LINK_ETHERNET && options->kinds & 1u << TUNNEL_VXLAN && !outer &&
        link_open_vxlan(frame, options, packet))
        return PACKET_IP;
    enum packet_kind kind = link_parse(frame, packet);
    if (kind == PACKET_IP && !outer &&
        !tunnel_is_likely(packet->protocol, packet->destination_port))
        return kind; /* the little that most packets are asked */
    return link_open_tunnels(frame, options, kind, packet);
}

#endif
