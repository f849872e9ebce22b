// SPDX-License-Identifier: BSD-2-Clause
#include "link_layer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frames.h"

/* A UDP packet behind a link header of `size` bytes, which is written by the test. */
static struct frame behind(uint8_t bytes[TEST_FRAME_SIZE], enum link_type link, uint32_t size,
                           uint8_t version)
{
    uint8_t ethernet[TEST_FRAME_SIZE];
    struct frame frame =
        test_frame(ethernet, &(struct test_packet){version, PROTOCOL_UDP, 1, 2, 7, 53, 0}, 0);

    memset(bytes, 0, TEST_FRAME_SIZE);
    memcpy(bytes + size, ethernet + 14, frame.length - 14);
    frame.data = bytes;
    frame.length = frame.wire_length = frame.length - 14 + size;
    frame.link = link;
    return frame;
}

static void finds_the_packet_behind_every_link_header(void **state)
{
    (void)state;
    const struct {
        enum link_type link;
        uint32_t size;
        uint8_t at, high, low; /* what the header says, where */
        uint8_t version;       /* of the packet */
        enum packet_kind want;
    } cases[] = {
        {LINK_ETHERNET, 14, 12, 0x08, 0x00, 4, PACKET_IP},
        {LINK_ETHERNET, 14, 12, 0x86, 0xdd, 6, PACKET_IP},
        {LINK_ETHERNET, 14, 12, 0x86, 0xdd, 4, PACKET_MALFORMED},
        {LINK_ETHERNET, 14, 12, 0x08, 0x06, 4, PACKET_OTHER},
        {LINK_COOKED_V1, 16, 14, 0x08, 0x00, 4, PACKET_IP},
        {LINK_COOKED_V1, 16, 14, 0x86, 0xdd, 6, PACKET_IP},
        {LINK_COOKED_V1, 16, 14, 0x00, 0x04, 4, PACKET_OTHER}, /* 802.2 */
        {LINK_COOKED_V2, 20, 0, 0x08, 0x00, 4, PACKET_IP},
        {LINK_COOKED_V2, 20, 0, 0x86, 0xdd, 6, PACKET_IP},
        {LINK_RAW_IP, 0, 99, 0, 0, 4, PACKET_IP},
        {LINK_RAW_IP, 0, 99, 0, 0, 6, PACKET_IP},
        {LINK_IPV4, 0, 99, 0, 0, 4, PACKET_IP},
        {LINK_IPV4, 0, 99, 0, 0, 6, PACKET_MALFORMED},
        {LINK_IPV6, 0, 99, 0, 0, 6, PACKET_IP},
        {LINK_IPV6, 0, 99, 0, 0, 4, PACKET_MALFORMED},
        {LINK_LOOPBACK, 4, 0, 2, 0, 4, PACKET_IP},  /* little endian */
        {LINK_LOOPBACK, 4, 2, 0, 2, 4, PACKET_IP},  /* big endian */
        {LINK_LOOPBACK, 4, 0, 10, 0, 6, PACKET_IP}, /* Linux */
        {LINK_LOOPBACK, 4, 0, 24, 0, 6, PACKET_IP}, /* NetBSD, OpenBSD */
        {LINK_LOOPBACK, 4, 0, 28, 0, 6, PACKET_IP}, /* FreeBSD */
        {LINK_LOOPBACK, 4, 2, 0, 30, 6, PACKET_IP}, /* Darwin */
        {LINK_LOOPBACK, 4, 0, 7, 0, 4, PACKET_OTHER},
        {LINK_LOOPBACK_BIG, 4, 2, 0, 2, 4, PACKET_IP},
        {LINK_LOOPBACK_BIG, 4, 0, 2, 0, 4, PACKET_OTHER},
        {LINK_UNKNOWN, 0, 99, 0, 0, 4, PACKET_OTHER},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t bytes[TEST_FRAME_SIZE];
        struct frame frame = behind(bytes, cases[i].link, cases[i].size, cases[i].version);
        struct packet packet;

        if (cases[i].at != 99) {
            bytes[cases[i].at] = cases[i].high;
            bytes[cases[i].at + 1] = cases[i].low;
        }
        enum packet_kind kind = link_parse(&frame, &packet);
        if (kind != cases[i].want)
            print_error("case %zu\n", i);
        assert_int_equal(kind, cases[i].want);
        if (kind != PACKET_IP)
            continue;
        assert_int_equal(packet.version, cases[i].version);
        assert_int_equal(packet.source_port, 7);
        assert_int_equal(packet.destination_port, 53);
        assert_int_equal(packet.length, cases[i].version == 4 ? 28 : 48);
    }
}

/* Every link type cut to every length, each in memory of exactly that size for the sanitizer. */
static void reads_nothing_behind_the_end(void **state)
{
    (void)state;
    for (int link = 0; link <= LINK_UNKNOWN; link++) {
        for (uint32_t length = 0; length < TEST_FRAME_SIZE; length++) {
            for (int fill = 0; fill < 256; fill += 5) {
                uint8_t *bytes = malloc(length ? length : 1);
                struct packet packet;

                memset(bytes, fill, length);
                struct frame frame = {.data = bytes,
                                      .length = length,
                                      .wire_length = length,
                                      .link = (enum link_type)link};
                assert_in_range(link_parse(&frame, &packet), PACKET_IP, PACKET_MALFORMED);
                free(bytes);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_packet_behind_every_link_header),
        cmocka_unit_test(reads_nothing_behind_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
