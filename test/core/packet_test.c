// SPDX-License-Identifier: BSD-2-Clause
#include "packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t tcp_frame[] = {
    2,    0,    0, 0,  0, 1, 2, 0, 0,  0, 0, 2, 0x08, 0x00,                    /* Ethernet */
    0x45, 0,    0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10,   0,    0, 1, 10, 0, 0, 2, /* IPv4 */
    0x12, 0x34, 0, 80, 0, 0, 0, 0, 0,  0, 0, 0, 0x50, 2,    0, 0, 0,  0, 0, 0, /* TCP */
};

static void reads_the_five_tuple_of_tcp_over_ipv4(void **state)
{
    (void)state;
    struct packet packet;

    assert_int_equal(
        packet_parse_ethernet(tcp_frame, tcp_frame + sizeof(tcp_frame), sizeof(tcp_frame), &packet),
        PACKET_IP);
    assert_int_equal(packet.source_port, 0x1234);
    assert_int_equal(packet.destination_port, 80);
    assert_int_equal(packet.protocol, PROTOCOL_TCP);
    assert_int_equal(packet.length, 40);
    assert_memory_equal(packet.source, "\x0a\0\0\x01\0\0\0\0", 8);
}

/* Cut to every length: other without a whole link header, malformed until the ports are there. */
static void says_malformed_until_the_ports_are_there(void **state)
{
    (void)state;
    struct packet packet;

    for (size_t length = 0; length <= sizeof(tcp_frame); length++) {
        enum packet_kind want = length < 14   ? PACKET_OTHER
                                : length < 38 ? PACKET_MALFORMED
                                              : PACKET_IP;
        assert_int_equal(
            packet_parse_ethernet(tcp_frame, tcp_frame + length, sizeof(tcp_frame), &packet), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_five_tuple_of_tcp_over_ipv4),
        cmocka_unit_test(says_malformed_until_the_ports_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
