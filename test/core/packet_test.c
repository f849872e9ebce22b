// SPDX-License-Identifier: BSD-2-Clause
/* Row by row the table "Packets, exactly" of docs/design.md: links, IPv4, ports. */
#include "built_packets.h"

static void looks_through_two_vlan_tags(void **state)
{
    (void)state;
    const uint32_t types[] = {ETHERTYPE_VLAN, ETHERTYPE_SERVICE_VLAN, ETHERTYPE_OLD_QINQ};

    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t tags = 0; tags <= 4; tags++) {
            struct built ip = ipv4(PROTOCOL_UDP, 5, 8);
            struct built built = ethernet(tags, types[i], ETHERTYPE_IPV4);

            memcpy(built.bytes + built.length, ip.bytes + ip.start, ip.length - ip.start);
            built.length += ip.length - ip.start;
            if (tags <= 2)
                assert_ip(&built, PROTOCOL_UDP, true, 28);
            else
                assert_kind(&built, PACKET_OTHER);
        }
    }
    struct built cut = ethernet(1, ETHERTYPE_VLAN, ETHERTYPE_IPV4);
    for (cut.length--; cut.length > 13; cut.length--)
        assert_kind(&cut, PACKET_OTHER);
}

static void calls_other_what_is_not_ip(void **state)
{
    (void)state;
    const uint32_t types[] = {0x0806, 0x88cc, 0x8847, 0x8848, 0x8863, 0x8864, 0x0026, 0};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        for (uint32_t tags = 0; tags <= 2; tags++) {
            struct built built = ethernet(tags, ETHERTYPE_VLAN, types[i]);

            put_zeros(&built, 46);
            assert_kind(&built, PACKET_OTHER);
        }
    }
    struct built built = ethernet(0, 0, ETHERTYPE_IPV4);
    for (; built.length-- > 0;)
        assert_kind(&built, PACKET_OTHER);
}

static void skips_ipv4_options(void **state)
{
    (void)state;
    for (uint32_t words = 5; words <= 15; words++) {
        struct built built = ipv4(PROTOCOL_TCP, words, 20);
        assert_ip(&built, PROTOCOL_TCP, true, words * 4 + 20);
    }
}

static void reads_ports_of_five_protocols(void **state)
{
    (void)state;
    for (uint32_t protocol = 0; protocol < 256; protocol++) {
        bool ports = protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP ||
                     protocol == PROTOCOL_SCTP || protocol == PROTOCOL_DCCP ||
                     protocol == PROTOCOL_UDP_LITE;
        struct built built = ipv4(protocol, 5, 20);

        assert_ip(&built, protocol, ports, 40); /* AH, GRE, IP in IP, ESP: the protocol as it is */
    }
}

static void reads_fragments(void **state)
{
    (void)state;
    struct built built = ipv4(PROTOCOL_UDP, 5, 8);

    built.bytes[built.start + 6] = 0x20; /* the first: more follow */
    assert_ip(&built, PROTOCOL_UDP, true, 28);
    built.bytes[built.start + 6] = 0x00; /* the last */
    built.bytes[built.start + 7] = 0x01;
    assert_ip(&built, PROTOCOL_UDP, false, 28);
    built.bytes[built.start + 6] = 0x1f;
    built.bytes[built.start + 7] = 0x00;
    assert_ip(&built, PROTOCOL_UDP, false, 28);

    struct built later = ipv4(PROTOCOL_TCP, 5, 4); /* shorter than any TCP header */
    assert_kind(&later, PACKET_MALFORMED);
    later.bytes[later.start + 7] = 0x01;
    assert_ip(&later, PROTOCOL_TCP, false, 24);
}

static void fills_in_a_total_length_of_zero(void **state)
{
    (void)state;
    struct built built = ipv4(PROTOCOL_TCP, 5, 20);

    built.bytes[built.start + 2] = built.bytes[built.start + 3] = 0;
    put_zeros(&built, 100);
    assert_ip(&built, PROTOCOL_TCP, true, 140);
    struct packet packet; /* captured in part: the length is that of the wire */
    assert_int_equal(parse_cut(&built, 60, 70014, &packet), PACKET_IP);
    assert_int_equal(packet.length, 70000);
}

static void ignores_trailing_bytes(void **state)
{
    (void)state;
    struct built built = ipv4(PROTOCOL_UDP, 5, 8);

    put_zeros(&built, 18);
    assert_ip(&built, PROTOCOL_UDP, true, 28);
}

static void calls_ipv4_malformed(void **state)
{
    (void)state;
    for (uint32_t version = 0; version < 16; version++) {
        struct built built = ipv4(PROTOCOL_UDP, 5, 8);
        built.bytes[built.start] = (uint8_t)(version << 4 | 5);
        assert_kind(&built, version == 4 ? PACKET_IP : PACKET_MALFORMED);
    }
    for (uint32_t words = 0; words < 16; words++) {
        struct built built = ipv4(PROTOCOL_ROUTING, 5, 8); /* no ports to miss */
        built.bytes[built.start] = (uint8_t)(0x40 | words);
        assert_kind(&built, words >= 5 && words <= 7 ? PACKET_IP : PACKET_MALFORMED);
    }
    for (uint32_t length = 1; length <= 40; length++) { /* 28 bytes are there */
        struct built built = ipv4(PROTOCOL_UDP, 5, 8);
        built.bytes[built.start + 3] = (uint8_t)length;
        assert_kind(&built, length == 28 ? PACKET_IP : PACKET_MALFORMED);
    }
    for (uint32_t size = 4; size <= 24; size++) {
        struct built tcp = ipv4(PROTOCOL_TCP, 5, size);
        struct built udp = ipv4(PROTOCOL_UDP, 5, size);
        struct built sctp = ipv4(PROTOCOL_SCTP, 5, size);
        assert_kind(&tcp, size >= 20 ? PACKET_IP : PACKET_MALFORMED);
        assert_kind(&udp, size >= 8 ? PACKET_IP : PACKET_MALFORMED);
        assert_kind(&sctp, PACKET_IP);
    }
}

/* Cut at every length: the ports are what must be there. */
static void takes_a_capture_that_holds_the_ports(void **state)
{
    (void)state;
    struct packet packet;
    struct built v4 = ipv4(PROTOCOL_TCP, 7, 20);
    struct built v6 = begin_ipv6(PROTOCOL_DESTINATION);

    put_extension(&v6, PROTOCOL_UDP, 1, 8);
    put_transport(&v6, 8);
    end_ipv6(&v6);
    for (uint32_t captured = 14; captured <= v4.length; captured++)
        assert_int_equal(parse_cut(&v4, captured, v4.length, &packet),
                         captured < 14 + 28 + 4 ? PACKET_MALFORMED : PACKET_IP);
    for (uint32_t captured = 14; captured <= v6.length; captured++)
        assert_int_equal(parse_cut(&v6, captured, v6.length, &packet),
                         captured < 14 + 40 + 16 + 4 ? PACKET_MALFORMED : PACKET_IP);
    struct built icmp = ipv4(1, 5, 8);
    assert_int_equal(parse_cut(&icmp, 14 + 20, icmp.length, &packet), PACKET_IP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_through_two_vlan_tags),
        cmocka_unit_test(calls_other_what_is_not_ip),
        cmocka_unit_test(skips_ipv4_options),
        cmocka_unit_test(reads_ports_of_five_protocols),
        cmocka_unit_test(reads_fragments),
        cmocka_unit_test(fills_in_a_total_length_of_zero),
        cmocka_unit_test(ignores_trailing_bytes),
        cmocka_unit_test(calls_ipv4_malformed),
        cmocka_unit_test(takes_a_capture_that_holds_the_ports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
