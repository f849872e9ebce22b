// SPDX-License-Identifier: BSD-2-Clause
/* Names of flows, and which keys are theirs. */
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "flow_name.h"

static struct flow_key key_of(const char *source, uint16_t source_port, const char *destination,
                              uint16_t destination_port, uint8_t protocol)
{
    int family = strchr(source, ':') ? AF_INET6 : AF_INET;
    struct packet packet = {.source_port = source_port,
                            .destination_port = destination_port,
                            .protocol = protocol,
                            .version = family == AF_INET ? 4 : 6};
    struct flow_key key;

    assert_int_equal(inet_pton(family, source, packet.source), 1);
    assert_int_equal(inet_pton(family, destination, packet.destination), 1);
    (void)flow_key_of(&packet, &key);
    return key;
}

static void check(const char *text, const struct flow_key *key, bool wanted)
{
    struct flow_name name;
    struct error error = {""};

    assert_int_equal(flow_name_parse(&name, text, &error), 0);
    assert_int_equal(flow_name_is_of(&name, key), wanted);
}

static void a_name_is_of_its_flow_alone(void **state)
{
    (void)state;
    const struct flow_key ssh = key_of("10.0.0.1", 51234, "10.0.0.2", 22, 6);
    const struct flow_key six = key_of("2001:db8::1", 53, "2001:db8::2", 53, 17);
    const struct flow_key ping = key_of("10.0.0.9", 0, "10.0.0.2", 0, 1);
    const struct flow_key ping6 = key_of("fe80::1", 0, "fe80::2", 0, 58);

    check("tcp/10.0.0.1:51234-10.0.0.2:22", &ssh, true);
    check("TCP/10.0.0.2:22-10.0.0.1:51234", &ssh, true);
    check("6/10.0.0.1:51234-10.0.0.2:22", &ssh, true);
    check("tcp/10.0.0.1:22-10.0.0.2:51234", &ssh, false);
    check("udp/10.0.0.1:51234-10.0.0.2:22", &ssh, false);
    check("tcp/10.0.0.1:51235-10.0.0.2:22", &ssh, false);
    check("tcp/10.0.0.3:51234-10.0.0.2:22", &ssh, false);
    check("udp/[2001:db8::1]:53-[2001:db8:0::2]:53", &six, true);
    check("udp/[2001:db8::2]:53-[2001:db8::1]:53", &six, true);
    check("icmp/10.0.0.2-10.0.0.9", &ping, true);
    check("icmp/10.0.0.2-10.0.0.9", &ssh, false);
    check("ipv6-icmp/fe80::1-fe80::2", &ping6, true);
    check("58/fe80::1-[fe80::2]", &ping6, true);
}

static void what_is_no_name_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "tcp",
                                        "tcp/",
                                        "tcp/10.0.0.1:1",
                                        "tcp/10.0.0.1:1-",
                                        "/10.0.0.1:1-10.0.0.2:2",
                                        "tcp/10.0.0:1-10.0.0.2:2",
                                        "tcp/10.0.0.1:-10.0.0.2:2",
                                        "tcp/10.0.0.1:65536-10.0.0.2:2",
                                        "tcp/10.0.0.1:x-10.0.0.2:2",
                                        "udp/[::1:53-[::2]:53",
                                        "udp/[::1]53-[::2]:53",
                                        "udp/[10.0.0.1]:-10.0.0.2:53",
                                        "a-protocol-of-a-long-name/10.0.0.1-10.0.0.2"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct flow_name name;
        struct error error = {""};

        assert_int_equal(flow_name_parse(&name, texts[i], &error), -EINVAL);
        assert_non_null(strstr(error.text, "should be PROTOCOL/ADDRESS:PORT"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_of_its_flow_alone),
        cmocka_unit_test(what_is_no_name_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
