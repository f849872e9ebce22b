// SPDX-License-Identifier: BSD-2-Clause
#include "frames.h"

#include <string.h>

#include "packet.h"

static void store_be16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

struct frame test_frame(uint8_t bytes[TEST_FRAME_SIZE], const struct test_packet *packet,
                        uint64_t id)
{
    uint32_t transport = packet->protocol == PROTOCOL_TCP ? 20 : 8;
    uint32_t header = packet->version == 6 ? 40 : 20;
    uint8_t *ip = bytes + 14;

    memset(bytes, 0, TEST_FRAME_SIZE);
    bytes[0] = bytes[6] = 2; /* locally administered */
    bytes[5] = packet->destination;
    bytes[11] = packet->source;
    store_be16(bytes + 12, packet->version == 6   ? ETHERTYPE_IPV6
                           : packet->version == 0 ? 0x0806
                                                  : ETHERTYPE_IPV4);
    if (packet->version == 6) {
        ip[0] = 0x60;
        store_be16(ip + 4, transport);
        ip[6] = packet->protocol;
        ip[8] = ip[24] = 0xfd;
        ip[23] = packet->source;
        ip[39] = packet->destination;
    } else {
        ip[0] = 0x45;
        store_be16(ip + 2, header + transport);
        ip[9] = packet->protocol;
        ip[12] = ip[16] = 10;
        ip[15] = packet->source;
        ip[19] = packet->destination;
    }
    store_be16(ip + header, packet->source_port);
    store_be16(ip + header + 2, packet->destination_port);

    uint32_t length = 14 + header + transport;
    return (struct frame){.data = bytes,
                          .length = packet->version == 1 ? 36 : length,
                          .wire_length = length,
                          .time = packet->time,
                          .handle = id,
                          .link = LINK_ETHERNET};
}
