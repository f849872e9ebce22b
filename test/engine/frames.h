// SPDX-License-Identifier: BSD-2-Clause
/* Frames made for tests. */
#ifndef AFXDP_TEST_FRAMES_H
#define AFXDP_TEST_FRAMES_H

#include "port.h"

enum { TEST_FRAME_SIZE = 128 };

/* One packet as a test words it. Hosts are small numbers: 10.0.0.N or fd00::N, whose MAC address
 * ends in N. */
struct test_packet {
    uint8_t version; /* 4, 6; 0: ARP; 1: IPv4 cut before its ports */
    uint8_t protocol;
    uint8_t source, destination;
    uint16_t source_port, destination_port;
    uint64_t time; /* ns */
};

/* Writes an Ethernet frame with an empty payload of TCP or UDP size. `handle` is set to `id`. */
struct frame test_frame(uint8_t bytes[TEST_FRAME_SIZE], const struct test_packet *packet,
                        uint64_t id);

#endif
