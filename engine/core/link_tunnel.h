// SPDX-License-Identifier: BSD-2-Clause
/* From a frame of any link type to its innermost packet. */
#ifndef AFXDP_LINK_TUNNEL_H
#define AFXDP_LINK_TUNNEL_H

#include "link_layer.h"
#include "tunnel.h"

/* From what link_parse said of a frame, `kind`, into the tunnels that the options name. */
enum packet_kind link_open_tunnels(const struct frame *frame, const struct tunnel_options *options,
                                   enum packet_kind kind, struct packet *packet);

/* The short way to what is in most tunnels, IPv4 in VXLAN. False: it is something else, and
 * *packet, which is of a datagram to VXLAN's port, has to be parsed anew. */
ALWAYS_INLINE bool link_open_vxlan(const struct frame *frame, const struct tunnel_options *options,
                                   struct packet *packet)
{
    enum { INNER = 8 + 8 + 14 }; /* UDP, VXLAN, Ethernet */
    const uint8_t *end = frame->data + frame->length;
    const uint8_t *udp = end - packet->seen;

    if (packet->seen < INNER || load_be16(udp + INNER - 2) != ETHERTYPE_IPV4)
        return false;
    const struct tunnel_header header = tunnel_read_udp(PORT_VXLAN, udp, end);
    uint32_t available = packet->behind < header.limit ? packet->behind : header.limit;
    if (header.type == 0 || available < INNER)
        return false;
    *packet = (struct packet){0};
    if (packet_parse_ipv4(udp + INNER, end, available - INNER, packet) != PACKET_IP ||
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
    enum packet_kind kind = link_parse(frame, packet);

    if (kind == PACKET_IP && !(options->key & (TUNNEL_KEY_VLAN | TUNNEL_KEY_INTERFACE))) {
        if (!tunnel_is_likely(packet->protocol, packet->destination_port))
            return kind; /* the little that most packets are asked */
        if (packet->destination_port == PORT_VXLAN && packet->protocol == PROTOCOL_UDP &&
            options->kinds & 1u << TUNNEL_VXLAN) {
            if (link_open_vxlan(frame, options, packet))
                return PACKET_IP;
            kind = link_parse(frame, packet);
        }
    }
    return link_open_tunnels(frame, options, kind, packet);
}

#endif
