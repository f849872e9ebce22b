// SPDX-License-Identifier: BSD-2-Clause
/* What of a tunnel is in a flow's key, and the options that say so. */
#include "built_tunnels.h"

#include <errno.h>

#include "flow.h"
#include "packet_details.h"
#include "tunnel_text.h"

static struct flow_key key_of(const struct tunnel_options *options, const struct built *built)
{
    struct packet packet;
    struct flow_key key;

    assert_int_equal(open_with(options, built, built->length, &packet), PACKET_IP);
    (void)flow_key_of(&packet, &key);
    return key;
}

static void tells_tenants_apart(void **state)
{
    (void)state;
    const struct tunnel_options merged = {TUNNELS_ALL, 0};
    struct built four = ipv4(PROTOCOL_TCP, 5, 20);
    struct built six = begin_ipv6(PROTOCOL_UDP);

    put_transport(&six, 8);
    end_ipv6(&six);
    const struct built *inner[] = {&four, &six};
    for (size_t i = 0; i < 2; i++) {
        struct built a = vxlan(inner[i], 7), b = vxlan(inner[i], 8);
        struct built c = gre(inner[i], 0x2000, ETHERTYPE_BRIDGED, 7, 0);
        struct flow_key one = key_of(&all, &a), two = key_of(&all, &b), other = key_of(&all, &c);
        struct flow_key bare = key_of(&all, inner[i]);

        assert_false(flow_key_equal(&one, &two));
        assert_false(flow_key_equal(&one, &other));
        assert_false(flow_key_equal(&one, &bare));
        assert_int_equal(flow_key_version(&one), i == 0 ? 4 : 6);
        one = key_of(&merged, &a);
        two = key_of(&merged, &b);
        assert_true(flow_key_equal(&one, &two));
        assert_true(flow_key_equal(&one, &bare));
    }
}

static void tells_vlans_apart(void **state)
{
    (void)state;
    const struct tunnel_options vlans = {0, TUNNEL_KEY_VLAN};
    struct built a = ethernet(2, ETHERTYPE_VLAN, ETHERTYPE_IPV4), tcp = ipv4(PROTOCOL_TCP, 5, 20);

    put_frame(&a, &tcp, 14);
    struct built b = a;
    b.bytes[19]++;
    struct flow_key one = key_of(&vlans, &a), two = key_of(&vlans, &b);
    struct flow_key bare = key_of(&vlans, &tcp);
    assert_false(flow_key_equal(&one, &two));
    assert_false(flow_key_equal(&one, &bare));
    b.bytes[18] ^= 0xe0; /* a priority isn't the VLAN's */
    two = key_of(&vlans, &b);
    b.bytes[19]--;
    two = key_of(&vlans, &b);
    assert_true(flow_key_equal(&one, &two));
    one = key_of(&all, &a);
    bare = key_of(&all, &tcp);
    assert_true(flow_key_equal(&one, &bare));
}

/* A frame seen on an interface, and what its packet's key is. */
static struct flow_key key_on(const struct tunnel_options *options, const struct built *built,
                              enum link_type link, uint16_t interface)
{
    struct built copy = *built;
    struct frame frame = {.data = copy.bytes,
                          .length = copy.length,
                          .wire_length = copy.length,
                          .interface = interface,
                          .link = link};
    struct packet packet;
    struct flow_key key;

    assert_int_equal(link_parse_tunnels(&frame, options, &packet), PACKET_IP);
    (void)flow_key_of(&packet, &key);
    return key;
}

static void tells_interfaces_apart(void **state)
{
    (void)state;
    const struct tunnel_options apart = {TUNNELS_ALL, TUNNEL_KEY_TUNNEL | TUNNEL_KEY_INTERFACE};
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20), inside = vxlan(&tcp, 7);
    const struct built *frames[] = {&tcp, &inside};

    for (size_t i = 0; i < 2; i++) {
        struct flow_key one = key_on(&apart, frames[i], LINK_ETHERNET, 1);
        struct flow_key again = key_on(&apart, frames[i], LINK_ETHERNET, 1);
        struct flow_key two = key_on(&apart, frames[i], LINK_ETHERNET, 2);

        assert_true(flow_key_equal(&one, &again));
        assert_false(flow_key_equal(&one, &two));
        one = key_on(&all, frames[i], LINK_ETHERNET, 1);
        two = key_on(&all, frames[i], LINK_ETHERNET, 2);
        assert_true(flow_key_equal(&one, &two));
    }
    struct built cooked = {.bytes = {8, 0, 0, 0, 0, 0, 0, 3}, .length = 20};
    put_frame(&cooked, &tcp, 14);
    struct flow_key one = key_on(&apart, &cooked, LINK_COOKED_V2, 1);
    cooked.bytes[7]++; /* Linux's number of the interface */
    struct flow_key two = key_on(&apart, &cooked, LINK_COOKED_V2, 1);
    assert_false(flow_key_equal(&one, &two));
}

/* Each word of --flow-key is for itself. */
static void leaves_tunnels_out(void **state)
{
    (void)state;
    const struct tunnel_options vlans = {TUNNELS_ALL, TUNNEL_KEY_VLAN};
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20), a = vxlan(&tcp, 7), b = vxlan(&tcp, 8);
    struct flow_key one = key_of(&vlans, &a), two = key_of(&vlans, &b);

    assert_true(flow_key_equal(&one, &two));
}

/* An ICMP error in a tunnel quotes a packet of that tunnel. */
static void quotes_within_the_tunnel(void **state)
{
    (void)state;
    struct built tcp = ipv4(PROTOCOL_TCP, 5, 20);
    struct built error = begin_ipv4(PROTOCOL_ICMP);
    struct packet packet, quoted;

    put32(&error, 0x03010000);
    put32(&error, 0);
    put_frame(&error, &tcp, 14);
    end_ipv4(&error);
    struct built built = vxlan(&error, 7), content = vxlan(&tcp, 7);
    struct frame frame = {.data = built.bytes,
                          .length = built.length,
                          .wire_length = built.length,
                          .link = LINK_ETHERNET};
    const uint8_t *end = frame.data + frame.length;
    assert_int_equal(link_parse_tunnels(&frame, &all, &packet), PACKET_IP);
    assert_int_equal(packet.protocol, PROTOCOL_ICMP);
    assert_true(packet_quoted(&packet, end - packet.seen, end, &quoted));
    struct flow_key one, two = key_of(&all, &content);
    (void)flow_key_of(&quoted, &one);
    assert_true(flow_key_equal(&one, &two));
}

static void parses_the_options(void **state)
{
    (void)state;
    struct tunnel_options options = TUNNEL_OPTIONS_DEFAULT;
    struct error error;

    assert_false(tunnel_options_look(&options));
    assert_int_equal(tunnel_parse_kinds(&options, "auto", &error), 0);
    assert_int_equal(options.kinds, TUNNELS_ALL);
    assert_int_equal(tunnel_parse_kinds(&options, "vxlan-gpe,pbb", &error), 0);
    assert_int_equal(options.kinds, 1u << TUNNEL_VXLAN_GPE | 1u << TUNNEL_PBB);
    assert_int_equal(tunnel_parse_kinds(&options, "none", &error), 0);
    assert_int_equal(options.kinds, 0);
    static const char *const bad[] = {"", "vxlan,", "vxlan,teredo", "VXLAN", "auto,gre"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(tunnel_parse_kinds(&options, bad[i], &error), -EINVAL);
    assert_int_equal(tunnel_parse_key(&options, "vlan,tunnel", &error), 0);
    assert_int_equal(options.key, TUNNEL_KEY_TUNNEL | TUNNEL_KEY_VLAN);
    assert_true(tunnel_options_look(&options));
    assert_int_equal(tunnel_parse_key(&options, "interface", &error), 0);
    assert_int_equal(options.key, TUNNEL_KEY_INTERFACE);
    assert_true(tunnel_options_look(&options));
    assert_int_equal(tunnel_parse_key(&options, "none", &error), 0);
    assert_int_equal(options.key, 0);
    assert_int_equal(tunnel_parse_key(&options, "port", &error), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_tenants_apart),      cmocka_unit_test(tells_vlans_apart),
        cmocka_unit_test(tells_interfaces_apart),   cmocka_unit_test(leaves_tunnels_out),
        cmocka_unit_test(quotes_within_the_tunnel), cmocka_unit_test(parses_the_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
