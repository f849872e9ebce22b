// SPDX-License-Identifier: BSD-2-Clause
/* The rows of "Packets, exactly" that are about IPv6. */
#include "built_packets.h"

static void skips_ipv6_extension_headers(void **state)
{
    (void)state;
    const uint32_t types[] = {PROTOCOL_HOP_BY_HOP, PROTOCOL_ROUTING, PROTOCOL_DESTINATION,
                              PROTOCOL_MOBILITY};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (uint32_t more = 0; more < 8; more++) {
            struct built built = begin_ipv6(types[i]);

            put_extension(&built, PROTOCOL_UDP, more, 8);
            put_transport(&built, 8);
            end_ipv6(&built);
            assert_ip(&built, PROTOCOL_UDP, true, 40 + 8 + more * 8 + 8);
        }
    }
    struct built built = begin_ipv6(PROTOCOL_AUTHENTICATION); /* counts in words, less two */
    put_extension(&built, PROTOCOL_TCP, 4, 4);
    put_transport(&built, 20);
    end_ipv6(&built);
    assert_ip(&built, PROTOCOL_TCP, true, 40 + 24 + 20);

    const uint32_t ends[] = {50, 59, 58, 4, 41, 47};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        built = begin_ipv6(ends[i]);
        put_transport(&built, 8);
        end_ipv6(&built);
        assert_ip(&built, ends[i], false, 48);
    }
    built = begin_ipv6(59);
    end_ipv6(&built);
    assert_ip(&built, 59, false, 40);
}

static void takes_eight_extension_headers_and_no_more(void **state)
{
    (void)state;
    for (uint32_t count = 0; count <= 10; count++) {
        struct built built = begin_ipv6(count ? PROTOCOL_DESTINATION : PROTOCOL_UDP);

        for (uint32_t i = 1; i <= count; i++)
            put_extension(&built, i < count ? PROTOCOL_DESTINATION : PROTOCOL_UDP, 0, 8);
        put_transport(&built, 8);
        end_ipv6(&built);
        if (count <= 8)
            assert_ip(&built, PROTOCOL_UDP, true, 48 + 8 * count);
        else
            assert_kind(&built, PACKET_MALFORMED);
    }
}

static void reads_ipv6_fragments(void **state)
{
    (void)state;
    struct built first = begin_ipv6(PROTOCOL_FRAGMENT);
    put_fragment(&first, PROTOCOL_UDP, 0, 1);
    put_transport(&first, 8);
    end_ipv6(&first);
    assert_ip(&first, PROTOCOL_UDP, true, 56);

    struct built later = begin_ipv6(PROTOCOL_HOP_BY_HOP);
    put_extension(&later, PROTOCOL_FRAGMENT, 0, 8);
    put_fragment(&later, PROTOCOL_TCP, 1, 0);
    end_ipv6(&later);
    assert_ip(&later, PROTOCOL_TCP, false, 56);

    struct built named = begin_ipv6(PROTOCOL_FRAGMENT); /* what the fragment header names, as is */
    put_fragment(&named, PROTOCOL_DESTINATION, 185, 1);
    put_transport(&named, 8);
    end_ipv6(&named);
    assert_ip(&named, PROTOCOL_DESTINATION, false, 56);
}

static void calls_ipv6_malformed(void **state)
{
    (void)state;
    struct packet packet;
    struct built built = begin_ipv6(PROTOCOL_UDP);
    put_transport(&built, 8);
    end_ipv6(&built);
    assert_int_equal(parse_cut(&built, built.length, built.length - 1, &packet), PACKET_MALFORMED);
    built.bytes[built.start + 5]++; /* beyond the wire */
    assert_kind(&built, PACKET_MALFORMED);
    built.bytes[built.start + 5] = 7; /* UDP under 8 bytes */
    assert_kind(&built, PACKET_MALFORMED);
    built.bytes[built.start + 5] = 8;
    assert_kind(&built, PACKET_IP);
    built.bytes[built.start] = 0x45;
    assert_kind(&built, PACKET_MALFORMED);

    built = begin_ipv6(PROTOCOL_DESTINATION); /* the extension header ends beyond the IP length */
    put_extension(&built, 59, 1, 8);
    end_ipv6(&built);
    assert_ip(&built, 59, false, 56);
    built.bytes[built.start + 5]--;
    assert_kind(&built, PACKET_MALFORMED);

    built = begin_ipv6(PROTOCOL_FRAGMENT); /* a fragment header without room for itself */
    put_zeros(&built, 7);
    end_ipv6(&built);
    assert_kind(&built, PACKET_MALFORMED);
}

/* Payload length 0 with UDP behind it, and so many bytes on the wire from IPv6 on. */
static void assert_long(const struct built *built, uint32_t on_wire, uint32_t want)
{
    struct packet packet;
    enum packet_kind kind = parse_cut(built, built->length, built->start + on_wire, &packet);

    assert_int_equal(kind, want ? PACKET_IP : PACKET_MALFORMED);
    if (!want)
        return;
    assert_int_equal(packet.length, want);
    assert_int_equal(packet.protocol, PROTOCOL_UDP);
    assert_int_equal(packet.source_port, 1000);
}

static void reads_ipv6_whose_length_is_left_out(void **state)
{
    (void)state;
    struct built plain = begin_ipv6(PROTOCOL_UDP);
    put_transport(&plain, 8);
    assert_long(&plain, 48, 48);
    assert_long(&plain, 200000, 200000);

    struct built empty = begin_ipv6(PROTOCOL_NOTHING); /* which padding follows */
    put_zeros(&empty, 6);
    assert_ip(&empty, PROTOCOL_NOTHING, false, 40);

    struct built behind = begin_ipv6(PROTOCOL_HOP_BY_HOP);
    put_extension(&behind, PROTOCOL_UDP, 0, 8);
    put_transport(&behind, 8);
    assert_long(&behind, 70000, 70000);
}

static void reads_jumbograms(void **state)
{
    (void)state;
    const struct {
        uint32_t said, on_wire, want;
    } cases[] = {
        {65536, 65576, 65576},   {65536, 65600, 65576},  {200000, 200040, 200040},
        {65535, 65575, 0},       {65536, 65575, 0},      {0, 48, 0},
        {0xffffffff, 200000, 0}, {0xffffffd8, 40000, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct built built = begin_ipv6(PROTOCOL_HOP_BY_HOP);

        put16(&built, PROTOCOL_UDP << 8);
        put16(&built, PACKET_JUMBO_OPTION);
        put16(&built, cases[i].said >> 16);
        put16(&built, cases[i].said);
        put_transport(&built, 8);
        assert_long(&built, cases[i].on_wire, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skips_ipv6_extension_headers),
        cmocka_unit_test(takes_eight_extension_headers_and_no_more),
        cmocka_unit_test(reads_ipv6_fragments),
        cmocka_unit_test(calls_ipv6_malformed),
        cmocka_unit_test(reads_ipv6_whose_length_is_left_out),
        cmocka_unit_test(reads_jumbograms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
