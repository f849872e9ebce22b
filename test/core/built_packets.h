// SPDX-License-Identifier: BSD-2-Clause
/* Frames built piece by piece, and what the parser should say of them. */
#ifndef AFXDP_TEST_BUILT_PACKETS_H
#define AFXDP_TEST_BUILT_PACKETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet.h"

/* A frame in the making. `start` is where the IP header begins. */
struct built {
    uint8_t bytes[512];
    uint32_t length;
    uint32_t start;
};

static inline void put8(struct built *built, uint32_t value)
{
    built->bytes[built->length++] = (uint8_t)value;
}

static inline void put16(struct built *built, uint32_t value)
{
    put8(built, value >> 8);
    put8(built, value);
}

static inline void put_zeros(struct built *built, uint32_t count)
{
    built->length += count; /* `built` starts as all zeros */
}

/* Ethernet with `tags` VLAN tags of that EtherType. */
static inline struct built ethernet(uint32_t tags, uint32_t tag, uint32_t ethertype)
{
    struct built built = {0};

    put_zeros(&built, 12);
    for (uint32_t i = 0; i < tags; i++) {
        put16(&built, tag);
        put16(&built, 100 + i);
    }
    put16(&built, ethertype);
    built.start = built.length;
    return built;
}

/* The transport header: ports 1000 and 2000, then zeros. */
static inline void put_transport(struct built *built, uint32_t size)
{
    put16(built, 1000);
    put16(built, 2000);
    put_zeros(built, size - 4);
}

/* IPv4 with `words` 4-byte words of header and a transport header of `size` bytes. */
static inline struct built ipv4(uint32_t protocol, uint32_t words, uint32_t size)
{
    struct built built = ethernet(0, 0, ETHERTYPE_IPV4);

    put8(&built, 0x40 | words);
    put8(&built, 0);
    put16(&built, words * 4 + size);
    put_zeros(&built, 5);
    put8(&built, protocol);
    put_zeros(&built, 2);
    put16(&built, 0x0a00);
    put16(&built, 0x0001);
    put16(&built, 0x0a00);
    put16(&built, 0x0002);
    if (words > 5)
        put_zeros(&built, (words - 5) * 4);
    put_transport(&built, size);
    return built;
}

/* IPv6 whose payload is still empty; end_ipv6 sets its length. */
static inline struct built begin_ipv6(uint32_t next)
{
    struct built built = ethernet(0, 0, ETHERTYPE_IPV6);

    put16(&built, 0x6000);
    put_zeros(&built, 4);
    put8(&built, next);
    put_zeros(&built, 33);
    return built;
}

static inline void end_ipv6(struct built *built)
{
    uint32_t payload = built->length - built->start - 40;

    built->bytes[built->start + 4] = (uint8_t)(payload >> 8);
    built->bytes[built->start + 5] = (uint8_t)payload;
}

/* An extension header of 8 bytes and `more` units. */
static inline void put_extension(struct built *built, uint32_t next, uint32_t more, uint32_t unit)
{
    put8(built, next);
    put8(built, more);
    put_zeros(built, 6 + more * unit);
}

static inline void put_fragment(struct built *built, uint32_t next, uint32_t offset, uint32_t more)
{
    put16(built, next << 8);
    put16(built, offset << 3 | more);
    put_zeros(built, 4);
}

/* Parses the first `captured` bytes of it, in memory of exactly that size. */
static inline enum packet_kind parse_cut(const struct built *built, uint32_t captured,
                                         uint32_t wire, struct packet *packet)
{
    OPAQUE(captured); /* or gcc takes what the parser checks for something it might read */
    uint8_t *bytes = malloc(captured ? captured : 1);

    memcpy(bytes, built->bytes, captured);
    enum packet_kind kind = packet_parse_ethernet(bytes, bytes + captured, wire, packet);
    free(bytes);
    return kind;
}

static inline enum packet_kind parse(const struct built *built, struct packet *packet)
{
    return parse_cut(built, built->length, built->length, packet);
}

static inline void assert_ip(const struct built *built, uint32_t protocol, bool ports,
                             uint32_t length)
{
    struct packet packet = {0};

    assert_int_equal(parse(built, &packet), PACKET_IP);
    assert_int_equal(packet.protocol, protocol);
    assert_int_equal(packet.source_port, ports ? 1000 : 0);
    assert_int_equal(packet.destination_port, ports ? 2000 : 0);
    assert_int_equal(packet.length, length);
}

static inline void assert_kind(const struct built *built, enum packet_kind kind)
{
    struct packet packet;

    assert_int_equal(parse(built, &packet), kind);
}

#endif
