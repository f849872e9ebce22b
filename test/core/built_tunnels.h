// SPDX-License-Identifier: BSD-2-Clause
/* Tunnels built around frames. */
#ifndef AFXDP_TEST_BUILT_TUNNELS_H
#define AFXDP_TEST_BUILT_TUNNELS_H

#include "built_packets.h"

#include "link_tunnel.h"

static const struct tunnel_options all = {TUNNELS_ALL, TUNNEL_KEY_TUNNEL};

static inline void put32(struct built *built, uint32_t value)
{
    put16(built, value >> 16);
    put16(built, value & 0xffff);
}

static inline void put_frame(struct built *built, const struct built *inner, uint32_t from)
{
    for (uint32_t i = from; i < inner->length; i++)
        put8(built, inner->bytes[i]);
}

/* An IPv4 packet around what follows; end_ipv4 sets its length. */
static inline struct built begin_ipv4(uint32_t protocol)
{
    struct built built = ipv4(protocol, 5, 4);

    built.length -= 4;
    memset(built.bytes + built.length, 0, 4);
    return built;
}

static inline void end_ipv4(struct built *built)
{
    uint32_t length = built->length - built->start;

    built->bytes[built->start + 2] = (uint8_t)(length >> 8);
    built->bytes[built->start + 3] = (uint8_t)length;
    if (built->bytes[built->start + 9] == PROTOCOL_UDP) {
        built->bytes[built->start + 24] = (uint8_t)((length - 20) >> 8);
        built->bytes[built->start + 25] = (uint8_t)(length - 20);
    }
}

static inline struct built begin_udp(uint32_t port)
{
    struct built built = begin_ipv4(PROTOCOL_UDP);

    put16(&built, 50000);
    put16(&built, port);
    put32(&built, 0);
    return built;
}

static inline struct built vxlan(const struct built *inner, uint32_t vni)
{
    struct built built = begin_udp(PORT_VXLAN);

    put32(&built, 0x08000000);
    put32(&built, vni << 8);
    put_frame(&built, inner, 0);
    end_ipv4(&built);
    return built;
}

static inline struct built gre(const struct built *inner, uint32_t flags, uint32_t type,
                               uint32_t number, uint32_t from)
{
    struct built built = begin_ipv4(PROTOCOL_GRE);

    put16(&built, flags);
    put16(&built, type);
    if (flags & 0x8000)
        put32(&built, 0);
    if (flags & 0x2000)
        put32(&built, number);
    if (flags & 0x1000)
        put32(&built, 77);
    put_frame(&built, inner, from);
    end_ipv4(&built);
    return built;
}

static inline enum packet_kind open_with(const struct tunnel_options *options,
                                         const struct built *built, uint32_t captured,
                                         struct packet *packet)
{
    OPAQUE(captured);
    uint8_t *bytes = malloc(captured ? captured : 1);

    memcpy(bytes, built->bytes, captured);
    const struct frame frame = {
        .data = bytes, .length = captured, .wire_length = built->length, .link = LINK_ETHERNET};
    enum packet_kind kind = link_parse_tunnels(&frame, options, packet);
    free(bytes);
    return kind;
}

#endif
