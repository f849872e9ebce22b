// SPDX-License-Identifier: BSD-2-Clause
/* The rows of "Tunnels, exactly". */
#include "built_tunnels.h"

#include "random.h"

static void assert_inner(const struct built *built, uint32_t kind, uint32_t length)
{
    const struct tunnel_options only = {1u << kind, 0};
    const struct tunnel_options others = {TUNNELS_ALL & ~(1u << kind), 0};
    struct packet packet, plain;
    enum packet_kind outer = parse(built, &plain);

    assert_int_equal(open_with(&only, built, built->length, &packet), PACKET_IP);
    assert_int_equal(packet.protocol, PROTOCOL_TCP);
    assert_int_equal(packet.destination_port, 2000);
    assert_int_equal(packet.length, length);
    assert_int_equal(open_with(&others, built, built->length, &packet), outer);
    if (outer == PACKET_IP)
        assert_int_equal(packet.protocol, plain.protocol);
    /* Cut anywhere it is the inner packet, the outer one or none, never another. */
    for (uint32_t captured = 0; captured < built->length; captured++) {
        enum packet_kind cut = open_with(&only, built, captured, &packet);

        assert_int_equal(cut == PACKET_IP,
                         parse_cut(built, captured, built->length, &plain) == PACKET_IP ||
                             (cut == PACKET_IP && packet.length == length));
    }
}

static void opens_each_kind(void **state)
{
    (void)state;
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20);
    struct built built = vxlan(&tcp, 5);
    assert_inner(&built, TUNNEL_VXLAN, 40);

    for (uint32_t next = 1; next <= 3; next += 2) { /* IPv4, a frame */
        built = begin_udp(PORT_VXLAN_GPE);
        put32(&built, 0x0c000000 | next);
        put32(&built, 5 << 8);
        put_frame(&built, &tcp, next == 1 ? 14 : 0);
        end_ipv4(&built);
        assert_inner(&built, TUNNEL_VXLAN_GPE, 40);
    }
    built = begin_udp(PORT_GENEVE);
    put16(&built, 0x0200); /* eight bytes of options */
    put16(&built, ETHERTYPE_BRIDGED);
    put32(&built, 5 << 8);
    put_zeros(&built, 8);
    put_frame(&built, &tcp, 0);
    end_ipv4(&built);
    assert_inner(&built, TUNNEL_GENEVE, 40);

    for (uint32_t flags = 0; flags < 8; flags++) {
        uint32_t bits = (flags & 1) << 15 | (flags & 2) << 12 | (flags & 4) << 10;

        built = gre(&tcp, bits, ETHERTYPE_IPV4, 9, 14);
        assert_inner(&built, TUNNEL_GRE, 40);
        built = gre(&tcp, bits, ETHERTYPE_BRIDGED, 9, 0);
        assert_inner(&built, TUNNEL_GRE, 40);
    }
    built = gre(&tcp, 0x2000, ETHERTYPE_BRIDGED, 0x00100000, 0);
    assert_inner(&built, TUNNEL_NVGRE, 40);

    built = begin_ipv4(PROTOCOL_IPV4);
    put_frame(&built, &tcp, 14);
    end_ipv4(&built);
    assert_inner(&built, TUNNEL_IP, 40);

    for (uint32_t extended = 0; extended < 2; extended++) {
        built = begin_udp(PORT_GTP);
        put32(&built, extended ? 0x34ff0030 : 0x30ff0028);
        put32(&built, 5);
        if (extended) {
            put32(&built, 0x85);       /* sequence, N-PDU, the next header's type */
            put32(&built, 0x01000900); /* four bytes, no other follows */
        }
        put_frame(&built, &tcp, 14);
        end_ipv4(&built);
        assert_inner(&built, TUNNEL_GTP, 40);
    }
}

static void opens_erspan(void **state)
{
    (void)state;
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20);
    struct built built = gre(&tcp, 0, ETHERTYPE_ERSPAN, 0, 0);
    assert_inner(&built, TUNNEL_ERSPAN, 40);

    struct built second = {0};
    put32(&second, 0x10010007);
    put32(&second, 0);
    put_frame(&second, &tcp, 0);
    built = gre(&second, 0x1000, ETHERTYPE_ERSPAN, 0, 0);
    assert_inner(&built, TUNNEL_ERSPAN, 40);

    for (uint32_t more = 0; more < 2; more++) {
        struct built third = {0};

        put32(&third, 0x20010007);
        put_zeros(&third, 6);
        put16(&third, more);
        put_zeros(&third, more * 8);
        put_frame(&third, &tcp, 0);
        built = gre(&third, 0x1000, ETHERTYPE_ERSPAN_3, 0, 0);
        assert_inner(&built, TUNNEL_ERSPAN, 40);
    }
}

/* A frame of a tunnel without IP around it. */
static struct built labelled(uint32_t labels, bool control_word, uint32_t bottom,
                             const struct built *inner, uint32_t from)
{
    struct built built = ethernet(1, ETHERTYPE_VLAN, ETHERTYPE_MPLS);

    for (uint32_t i = 0; i + 1 < labels; i++)
        put32(&built, (100 + i) << 12);
    put32(&built, bottom << 12 | 0x100);
    if (control_word)
        put32(&built, 0);
    put_frame(&built, inner, from);
    return built;
}

static void opens_what_has_no_ip_around_it(void **state)
{
    (void)state;
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20); /* its addresses begin with zeros */
    struct built built;

    for (uint32_t labels = 1; labels <= TUNNEL_LABELS_MAX; labels++) {
        built = labelled(labels, false, 5, &tcp, 14);
        assert_inner(&built, TUNNEL_MPLS, 40);
        built = labelled(labels, true, 5, &tcp, 0);
        assert_inner(&built, TUNNEL_MPLS, 40);
        built = labelled(labels, false, 5, &tcp, 0);
        assert_inner(&built, TUNNEL_MPLS, 40);
    }
    struct packet packet;
    built = labelled(TUNNEL_LABELS_MAX + 1, false, 5, &tcp, 14);
    assert_int_equal(open_with(&all, &built, built.length, &packet), PACKET_OTHER);

    built = ethernet(0, 0, ETHERTYPE_PPPOE);
    put32(&built, 0x11000007);
    put32(&built, (2 + 40) << 16 | 0x21);
    put_frame(&built, &tcp, 14);
    assert_inner(&built, TUNNEL_PPPOE, 40);

    built = ethernet(1, ETHERTYPE_SERVICE_VLAN, ETHERTYPE_BACKBONE);
    put32(&built, 5);
    put_frame(&built, &tcp, 0);
    assert_inner(&built, TUNNEL_PBB, 40);
}

static void opens_four_levels(void **state)
{
    (void)state;
    struct built built = ipv4(PROTOCOL_TCP, 5, 20);
    struct packet packet;

    for (uint32_t level = 1; level <= TUNNEL_LEVELS + 1; level++) {
        built = vxlan(&built, level);
        assert_int_equal(open_with(&all, &built, built.length, &packet), PACKET_IP);
        assert_int_equal(packet.protocol, level <= TUNNEL_LEVELS ? PROTOCOL_TCP : PROTOCOL_UDP);
    }
    assert_int_equal(packet.length, 40 + 50); /* the innermost tunnel stays closed */
}

static void leaves_closed_what_holds_no_ip(void **state)
{
    (void)state;
    struct built arp = ethernet(0, 0, 0x0806);
    struct built bad = ipv4(PROTOCOL_TCP, 5, 20);
    struct packet packet;

    put_zeros(&arp, 28);
    bad.bytes[bad.start + 2] = 1; /* longer than the tunnel */
    const struct built inner[] = {arp, bad};
    for (size_t i = 0; i < 2; i++) {
        struct built built = vxlan(&inner[i], 5);

        assert_int_equal(open_with(&all, &built, built.length, &packet), PACKET_IP);
        assert_int_equal(packet.destination_port, PORT_VXLAN);
        assert_int_equal(packet.realm, 0); /* nothing is around it */
        assert_int_equal(packet.source[1], 0);
        built = labelled(1, true, 5, &inner[i], 0);
        assert_int_equal(open_with(&all, &built, built.length, &packet), PACKET_OTHER);
    }
    /* A later fragment holds no header, and the first one's content is longer than it. */
    struct built built = vxlan(&bad, 5);
    built.bytes[built.start + 7] = 1;
    assert_int_equal(open_with(&all, &built, built.length, &packet), PACKET_IP);
    assert_int_equal(packet.protocol, PROTOCOL_UDP);
    assert_int_equal(packet.destination_port, 0);
    /* UDP says that nothing is behind its header. */
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20);
    built = vxlan(&tcp, 5);
    built.bytes[built.start + 25] = 8;
    assert_int_equal(open_with(&all, &built, built.length, &packet), PACKET_IP);
    assert_int_equal(packet.destination_port, PORT_VXLAN);
}

static void assert_same(const struct packet *a, const struct packet *b)
{
    assert_memory_equal(a->source, b->source, sizeof(a->source));
    assert_memory_equal(a->destination, b->destination, sizeof(a->destination));
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->source_port, b->source_port);
    assert_int_equal(a->destination_port, b->destination_port);
    assert_int_equal(a->protocol, b->protocol);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->realm, b->realm);
    assert_int_equal(a->behind, b->behind);
    assert_int_equal(a->seen, b->seen);
}

/* What is in VXLAN is found by a short way, level by level where that gives up: the same packet,
 * whichever bytes are wrong and wherever the frame is cut. */
static void short_way_leads_where_the_long_one_does(void **state)
{
    (void)state;
    struct random random = random_begin("tunnel_test");
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20);
    const struct built whole = vxlan(&tcp, 7);
    uint32_t opened = 0;

    for (int i = 0; i < 100000; i++) {
        struct built built = whole;
        struct packet packet, expected;

        for (uint32_t wrong = random_below(&random, 3); wrong > 0; wrong--)
            built.bytes[random_below(&random, whole.length)] = (uint8_t)random_word(&random);
        uint32_t cut = random_below(&random, 2) ? 0 : random_below(&random, whole.length);
        const struct frame frame = {.data = built.bytes,
                                    .length = whole.length - cut,
                                    .wire_length = whole.length - random_below(&random, cut + 1),
                                    .link = LINK_ETHERNET};
        enum packet_kind kind =
            link_open_tunnels(&frame, &all, link_parse(&frame, &expected), &expected);
        assert_int_equal(link_parse_tunnels(&frame, &all, &packet), kind);
        if (kind != PACKET_IP)
            continue;
        assert_same(&packet, &expected);
        opened += packet.protocol == PROTOCOL_TCP;
    }
    assert_in_range(opened, 30000, 90000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_each_kind),
        cmocka_unit_test(opens_erspan),
        cmocka_unit_test(opens_what_has_no_ip_around_it),
        cmocka_unit_test(opens_four_levels),
        cmocka_unit_test(leaves_closed_what_holds_no_ip),
        cmocka_unit_test(short_way_leads_where_the_long_one_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
