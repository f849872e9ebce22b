// SPDX-License-Identifier: BSD-2-Clause
/* What passes because of --bypass tcp/22 and udp/5000: the services, and what they need. */
#include "built_packets.h"

#include "bypass.h"

static const struct bypass services = {2, {{22, PROTOCOL_TCP, 0}, {5000, PROTOCOL_UDP, 0}}};

/* Whether it passes by itself, cut to `captured` bytes in memory of that size. */
static bool passes_cut(const struct built *built, uint32_t captured)
{
    uint8_t *bytes = malloc(captured);
    struct packet packet;
    bool passes = false;

    memcpy(bytes, built->bytes, captured);
    if (packet_parse_ethernet(bytes, bytes + captured, built->length, &packet) == PACKET_IP) {
        uint16_t type;
        const uint8_t *network = packet_network(bytes, bytes + captured, &type);

        assert_ptr_equal(network, bytes + built->start);
        passes = bypass_names(&services, &packet) ||
                 bypass_needs(&services, network, bytes + captured, &packet);
    }
    free(bytes);
    return passes;
}

static bool passes(const struct built *built)
{
    return passes_cut(built, built->length);
}

static struct built datagram(uint32_t version, uint32_t from, uint32_t to)
{
    struct built built = version == 4 ? ipv4(PROTOCOL_UDP, 5, 0) : begin_ipv6(PROTOCOL_UDP);

    built.length = built.start + (version == 4 ? 20 : 40);
    put16(&built, from);
    put16(&built, to);
    put_zeros(&built, 4);
    if (version == 4)
        built.bytes[built.start + 3] = 28;
    else
        end_ipv6(&built);
    return built;
}

static void the_service_passes(void **state)
{
    (void)state;
    for (uint32_t version = 4; version <= 6; version += 2) {
        struct built built = datagram(version, 5000, 9);

        assert_true(passes(&built));
        built = datagram(version, 9, 5000);
        assert_true(passes(&built));
        built = datagram(version, 9, 22);
        assert_false(passes(&built));
    }
}

static void dhcp_passes(void **state)
{
    static const struct {
        uint32_t version, from, to;
        bool passes;
    } cases[] = {
        {4, 68, 67, true},   {4, 67, 68, true},    {4, 67, 67, true},    {4, 68, 53, false},
        {4, 53, 68, false},  {4, 546, 547, false}, {6, 546, 547, true},  {6, 547, 546, true},
        {6, 547, 547, true}, {6, 68, 67, false},   {6, 547, 53, false},  {6, 1025, 547, false},
        {4, 66, 67, false},  {4, 67, 69, false},   {6, 545, 546, false}, {6, 548, 547, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct built built = datagram(cases[i].version, cases[i].from, cases[i].to);

        if (passes(&built) != cases[i].passes)
            fail_msg("IPv%u from %u to %u", cases[i].version, cases[i].from, cases[i].to);
    }
}

/* ICMPv6 of that type and hop limit, behind a hop-by-hop header of `options` bytes or none. */
static struct built message(uint32_t type, uint32_t hops, uint32_t options)
{
    struct built built = begin_ipv6(options ? PROTOCOL_HOP_BY_HOP : PROTOCOL_ICMPV6);

    built.bytes[built.start + 7] = (uint8_t)hops;
    if (options)
        put_extension(&built, PROTOCOL_ICMPV6, options / 8 - 1, 8);
    put8(&built, type);
    put_zeros(&built, 23);
    end_ipv6(&built);
    return built;
}

static void link_messages_pass(void **state)
{
    (void)state;
    for (uint32_t type = 100; type < 256; type++) {
        bool discovery = type >= 133 && type <= 137;
        bool listener = (type >= 130 && type <= 132) || type == 143;

        for (uint32_t hops = 0; hops < 256; hops++) {
            struct built built = message(type, hops, 0);
            bool expected = (discovery && hops == 255) || (listener && hops == 1);

            if (passes(&built) != expected)
                fail_msg("type %u, hop limit %u", type, hops);
        }
        struct built built = message(type, 1, 8);
        assert_int_equal(passes(&built), listener);
        built = message(type, 1, 16); /* not where it usually stands */
        assert_false(passes(&built));
    }
}

static void ipv4_link_messages_pass(void **state)
{
    (void)state;
    for (uint32_t hops = 0; hops < 3; hops++) {
        struct built built = ipv4(PROTOCOL_IGMP, 6, 8);

        built.bytes[built.start + 8] = (uint8_t)hops;
        assert_int_equal(passes(&built), hops == 1);
    }
    for (uint32_t type = 0; type < 20; type++) {
        struct built built = ipv4(PROTOCOL_ICMP, 5, 8);

        built.bytes[built.start + 20] = (uint8_t)type;
        assert_int_equal(passes(&built), type == 9 || type == 10);
    }
}

/* An ICMP error that quotes a packet from the port. */
static struct built error_about(uint32_t version, uint32_t type, uint32_t protocol, uint32_t port)
{
    uint32_t header = version == 4 ? 20 : 40;
    struct built built;

    if (version == 4) {
        built = ipv4(PROTOCOL_ICMP, 5, 36);
    } else {
        built = begin_ipv6(PROTOCOL_ICMPV6);
        put_zeros(&built, 8 + 40 + 8);
        end_ipv6(&built);
    }
    uint8_t *at = built.bytes + built.start + header;

    memset(at, 0, built.length - built.start - header);
    at[0] = (uint8_t)type;
    at[8] = version == 4 ? 0x45 : 0x60;
    at[8 + (version == 4 ? 9 : 6)] = (uint8_t)protocol;
    at[8 + header] = (uint8_t)(port >> 8);
    at[9 + header] = (uint8_t)port;
    return built;
}

static void errors_about_the_service_pass(void **state)
{
    (void)state;
    for (uint32_t version = 4; version <= 6; version += 2) {
        for (uint32_t type = 0; type < 128; type++) {
            bool error =
                version == 6 || type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
            struct built about = error_about(version, type, PROTOCOL_TCP, 22);
            struct built other = error_about(version, type, PROTOCOL_TCP, 23);

            if (version == 4 && (type == 9 || type == 10))
                continue;
            assert_int_equal(passes(&about), error);
            assert_false(passes(&other));
        }
        struct built echo = error_about(version, version == 4 ? 8 : 128, PROTOCOL_TCP, 22);
        assert_false(passes(&echo));
    }
}

/* A type of one IP version says nothing in the other. */
static void versions_are_told_apart(void **state)
{
    struct built built = ipv4(PROTOCOL_ICMPV6, 5, 24);

    (void)state;
    built.bytes[built.start + 8] = 255;
    built.bytes[built.start + 20] = 135;
    assert_false(passes(&built));
    built = begin_ipv6(PROTOCOL_ICMP);
    put8(&built, 9);
    put_zeros(&built, 23);
    end_ipv6(&built);
    assert_false(passes(&built));
    built = begin_ipv6(PROTOCOL_IGMP);
    built.bytes[built.start + 7] = 1;
    put_zeros(&built, 8);
    end_ipv6(&built);
    assert_false(passes(&built));
}

/* No byte behind the captured ones is read (ASan says so), and what is cut doesn't pass. */
static void cut_frames(void **state)
{
    const struct built frames[] = {
        message(135, 255, 0),
        message(143, 1, 8),
        error_about(4, 3, PROTOCOL_TCP, 22),
        error_about(6, 2, PROTOCOL_TCP, 22),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        uint32_t passing = 0;

        for (uint32_t captured = 14; captured <= frames[i].length; captured++)
            passing += passes_cut(&frames[i], captured);
        assert_in_range(passing, 1, 24);
    }
}

static void assert_fragment(const struct built *built, enum bypass_fragment expected,
                            uint32_t expected_number)
{
    struct packet packet = {0};
    uint32_t number;

    assert_int_equal(parse(built, &packet), PACKET_IP);
    assert_int_equal(bypass_fragment(built->bytes + built->start, built->bytes + built->length,
                                     &packet, &number),
                     expected);
    assert_int_equal(number, expected_number);
}

static void fragments_are_told_apart(void **state)
{
    struct built built = ipv4(PROTOCOL_UDP, 5, 8);

    (void)state;
    built.bytes[built.start + 5] = 7;
    built.bytes[built.start + 6] = 0x40; /* may not be fragmented */
    assert_fragment(&built, BYPASS_WHOLE, 0);
    built.bytes[built.start + 6] = 0x20;
    assert_fragment(&built, BYPASS_FIRST, 7);
    built.bytes[built.start + 7] = 1;
    assert_fragment(&built, BYPASS_LATER, 7);
    built.bytes[built.start + 6] = 0;
    assert_fragment(&built, BYPASS_LATER, 7);

    static const struct {
        uint32_t offset, more;
        enum bypass_fragment fragment;
    } cases[] = {
        {0, 0, BYPASS_WHOLE}, {0, 1, BYPASS_FIRST}, {1, 1, BYPASS_LATER}, {8000, 0, BYPASS_LATER}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const uint8_t number[4] = {0, 0, 0, 9};
        uint32_t as_on_wire;

        built = begin_ipv6(PROTOCOL_FRAGMENT);
        put_fragment(&built, PROTOCOL_UDP, cases[i].offset, cases[i].more);
        memcpy(built.bytes + built.length - 4, number, 4);
        memcpy(&as_on_wire, number, 4);
        put_transport(&built, 8);
        end_ipv6(&built);
        assert_fragment(&built, cases[i].fragment, i ? as_on_wire : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_service_passes),
        cmocka_unit_test(dhcp_passes),
        cmocka_unit_test(link_messages_pass),
        cmocka_unit_test(ipv4_link_messages_pass),
        cmocka_unit_test(errors_about_the_service_pass),
        cmocka_unit_test(versions_are_told_apart),
        cmocka_unit_test(cut_frames),
        cmocka_unit_test(fragments_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
