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

/* A link header as bytes, and whether the UDP packet behind it is found. */
struct header_case {
    enum link_type link;
    const char *header;
    uint32_t size;
    uint8_t version;
    enum packet_kind want;
};

#define HEADER(text) text, sizeof(text) - 1
#define SNAP4 "\xaa\xaa\x03\0\0\0\x08\0"
#define MAC "\x02\0\0\0\0\x01"
#define WIFI_ADDRESSES MAC MAC MAC "\0\0"

static const struct header_case rare_headers[] = {
    {LINK_PPP, HEADER("\xff\x03\0\x21"), 4, PACKET_IP},
    {LINK_PPP, HEADER("\0\x57"), 6, PACKET_IP},
    {LINK_PPP, HEADER("\x21"), 4, PACKET_IP},
    {LINK_PPP, HEADER("\x01\x03\0\x21"), 4, PACKET_IP},
    {LINK_PPP, HEADER("\x0f\0\x08\0"), 4, PACKET_IP},
    {LINK_PPP, HEADER("\xff\x03\xc0\x21"), 4, PACKET_OTHER},
    {LINK_PPP_DIRECTED, HEADER("\x01\xff\x03\0\x21"), 4, PACKET_IP},
    {LINK_PPP_ETHER, HEADER("\x11\0\0\x01\0\x1e\0\x21"), 4, PACKET_IP},
    {LINK_CISCO_HDLC, HEADER("\x0f\0\x86\xdd"), 6, PACKET_IP},
    {LINK_FRAME_RELAY, HEADER("\x18\x41\x03\xcc"), 4, PACKET_IP},
    {LINK_FRAME_RELAY, HEADER("\x18\x40\0\x01\x03\0\x80\0\0\0\x86\xdd"), 6, PACKET_IP},
    {LINK_FRAME_RELAY, HEADER("\x18\x40\0\0"), 4, PACKET_OTHER},
    {LINK_LLC, HEADER(SNAP4), 4, PACKET_IP},
    {LINK_LLC, HEADER("\x06\x06\x03"), 4, PACKET_IP},
    {LINK_LLC, HEADER("\xfe\xfe\x03\x8e"), 6, PACKET_IP},
    {LINK_LLC, HEADER("\xaa\xaa\x03\0\x80\xc2\0\x07"), 4, PACKET_OTHER},
    {LINK_TOKEN_RING, HEADER("\x10\x40" MAC MAC SNAP4), 4, PACKET_IP},
    {LINK_TOKEN_RING, HEADER("\x10\x40" MAC "\x82\0\0\0\0\1\x04\0\0\x10" SNAP4), 4, PACKET_IP},
    {LINK_TOKEN_RING, HEADER("\x10\0" MAC MAC SNAP4), 4, PACKET_OTHER},
    {LINK_FDDI, HEADER("\x50" MAC MAC SNAP4), 4, PACKET_IP},
    {LINK_FIREWIRE,
     HEADER("01234567"
            "01234567"
            "\x08\0"),
     4, PACKET_IP},
    {LINK_WIFI, HEADER("\x08\x01\0\0" WIFI_ADDRESSES SNAP4), 4, PACKET_IP},
    {LINK_WIFI, HEADER("\x08\x03\0\0" WIFI_ADDRESSES MAC SNAP4), 4, PACKET_IP},
    {LINK_WIFI, HEADER("\x88\x01\0\0" WIFI_ADDRESSES "\0\0" SNAP4), 4, PACKET_IP},
    {LINK_WIFI, HEADER("\x88\x81\0\0" WIFI_ADDRESSES "\0\0\0\0\0\0" SNAP4), 4, PACKET_IP},
    {LINK_WIFI, HEADER("\x88\x01\0\0" WIFI_ADDRESSES "\x80\0" SNAP4), 4, PACKET_OTHER},
    {LINK_WIFI, HEADER("\x08\x41\0\0" WIFI_ADDRESSES SNAP4), 4, PACKET_OTHER}, /* encrypted */
    {LINK_WIFI, HEADER("\x08\x05\0\0" WIFI_ADDRESSES SNAP4), 4, PACKET_OTHER}, /* in pieces */
    {LINK_WIFI, HEADER("\x80\0\0\0" WIFI_ADDRESSES SNAP4), 4, PACKET_OTHER},   /* a beacon */
    {LINK_RADIOTAP, HEADER("\0\0\x08\0\0\0\0\0\x08\x01\0\0" WIFI_ADDRESSES SNAP4), 4, PACKET_IP},
    {LINK_RADIOTAP, /* a second word of fields, a time and flags that say: padded */
     HEADER("\0\0\x19\0\x03\0\0\x80\0\0\0\0\0\0\0\0"
            "01234567"
            "\x20"
            "\x88\x01\0\0" WIFI_ADDRESSES "\0\0\0\0" SNAP4),
     4, PACKET_IP},
    {LINK_RADIOTAP, HEADER("\0\0\x07\0\0\0\0\0\x08\x01\0\0" WIFI_ADDRESSES SNAP4), 4, PACKET_OTHER},
    {LINK_AVS,
     HEADER("\x80\x21\x10\x01\0\0\0\x0c"
            "0123"
            "\x08\x01\0\0" WIFI_ADDRESSES SNAP4),
     4, PACKET_IP},
    {LINK_PRISM,
     HEADER("\x44\0\0\0\x0c\0\0\0"
            "0123"
            "\x08\x01\0\0" WIFI_ADDRESSES SNAP4),
     4, PACKET_IP},
    {LINK_PRISM,
     HEADER("\x80\x21\x10\x01\0\0\0\x0c"
            "0123"
            "\x08\x01\0\0" WIFI_ADDRESSES SNAP4),
     4, PACKET_IP},
    {LINK_NFLOG, HEADER("\x02\0\0\0\x05\0\x0a\0x\0\0\0\x20\0\x09\0"), 4, PACKET_IP},
    {LINK_NFLOG, HEADER("\x0a\0\0\0\0\x34\0\x09"), 6, PACKET_IP},
    {LINK_NFLOG, HEADER("\x02\0\0\0\x1f\0\x09\0"), 4, PACKET_MALFORMED}, /* 27 of 28 bytes */
    {LINK_NFLOG, HEADER("\x07\0\0\0\x20\0\x09\0"), 4, PACKET_OTHER},
    {LINK_PFLOG,
     HEADER("\x05\x02"
            "012"
            "\0\0\0"),
     4, PACKET_IP},
    {LINK_ENC,
     HEADER("\x18\0\0\0"
            "01234567"),
     6, PACKET_IP},
    {LINK_PPI, HEADER("\0\0\x08\0\x09\0\0\0\xff\x03\0\x21"), 4, PACKET_IP},
    {LINK_PPI,
     HEADER("\0\0\x08\0\x02\x01\0\0\x0c\0\0\0"
            "0123"
            "\x0c\0\0\0"),
     4, PACKET_OTHER},
    {LINK_PKTAP, HEADER("\x0c\0\0\0\x01\0\0\0\x0c\0\0\0"), 6, PACKET_IP},
    {LINK_PKTAP,
     HEADER("\x10\0\0\0\x01\0\0\0\0\0\0\0"
            "0123"
            "\x02\0\0\0"),
     4, PACKET_IP},
    {LINK_PKTAP, HEADER("\x0c\0\0\0\x01\0\0\0\xbd\0\0\0"), 6, PACKET_OTHER}, /* USB */
    {LINK_ETHERNET, HEADER(MAC MAC "\0\x24" SNAP4), 4, PACKET_IP},
    {LINK_ETHERNET, HEADER(MAC MAC "\x81\0\0\x07\0\x24" SNAP4), 4, PACKET_IP},
    {LINK_ETHERNET, HEADER(MAC MAC "\0\x23" SNAP4), 4, PACKET_MALFORMED}, /* a byte short */
    {LINK_COOKED_V1, HEADER("01234567890123\0\x04" SNAP4), 4, PACKET_IP},
    {LINK_COOKED_V2,
     HEADER("\0\x04"
            "012345678901234567" SNAP4),
     4, PACKET_IP},
};

static void reads_rare_link_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rare_headers) / sizeof(rare_headers[0]); i++) {
        uint8_t bytes[TEST_FRAME_SIZE];
        struct frame frame =
            behind(bytes, rare_headers[i].link, rare_headers[i].size, rare_headers[i].version);
        struct packet packet;

        memcpy(bytes, rare_headers[i].header, rare_headers[i].size);
        enum packet_kind kind = link_parse(&frame, &packet);
        if (kind != rare_headers[i].want)
            print_error("case %zu\n", i);
        assert_int_equal(kind, rare_headers[i].want);
        if (kind != PACKET_IP)
            continue;
        assert_int_equal(packet.version, rare_headers[i].version);
        assert_int_equal(packet.destination_port, 53);
        assert_int_equal(packet.length, rare_headers[i].version == 4 ? 28 : 48);
    }
}

static void knows_the_numbers_of_capture_files(void **state)
{
    (void)state;
    bool found[LINK_UNKNOWN] = {false};

    for (uint32_t number = 0; number < 65536; number++) {
        enum link_type link = link_of_number(number);

        if (link != LINK_UNKNOWN)
            found[link] = true;
    }
    for (int link = 0; link < LINK_UNKNOWN; link++)
        assert_true(found[link]);
    assert_int_equal(link_of_number(1), LINK_ETHERNET);
    assert_int_equal(link_of_number(101), LINK_RAW_IP);
    assert_int_equal(link_of_number(127), LINK_RADIOTAP);
    assert_int_equal(link_of_number(220), LINK_UNKNOWN); /* USB */
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
        cmocka_unit_test(reads_rare_link_headers),
        cmocka_unit_test(knows_the_numbers_of_capture_files),
        cmocka_unit_test(reads_nothing_behind_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
