// SPDX-License-Identifier: BSD-2-Clause
/* How frame `number` of a run differs from the others (BPF-safe): the same in both senders. */
#ifndef AFXDP_SYNTHETIC_LAYOUT_H
#define AFXDP_SYNTHETIC_LAYOUT_H

#include "bytes.h"

enum {
    SYNTHETIC_CHECKSUM = 14 + 10,
    SYNTHETIC_SOURCE = 14 + 12,
    SYNTHETIC_DESTINATION = 14 + 16,
    SYNTHETIC_SOURCE_PORT = 14 + 20,
    SYNTHETIC_DESTINATION_PORT = 14 + 22,
    SYNTHETIC_NUMBER = 14 + 28, /* 8 bytes, big endian */
    SYNTHETIC_HEAD = 14 + 36,
    SYNTHETIC_PORT_FIRST = 1024,
    SYNTHETIC_SERVER_PORT = 9, /* discard */
};

#define SYNTHETIC_CLIENTS 0x0a000000u /* 10.0.0.0/8: the flow's number */
#define SYNTHETIC_SERVER 0xc0000201u  /* 192.0.2.1 */

ALWAYS_INLINE void synthetic_store16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

ALWAYS_INLINE void synthetic_store32(uint8_t *at, uint32_t value)
{
    synthetic_store16(at, value >> 16);
    synthetic_store16(at + 2, value);
}

/* The one's complement sum of an address' two halves. */
ALWAYS_INLINE uint32_t synthetic_sum(uint32_t address)
{
    return (address >> 16) + (address & 0xffff);
}

/* Fills in addresses, ports, number and header checksum; `sum` is the checksum's sum over the rest
 * of the IP header. */
ALWAYS_INLINE void synthetic_vary(uint8_t *frame, uint64_t number, uint32_t flows, bool both_ways,
                                  uint32_t sum)
{
    uint32_t flow = (uint32_t)(number % flows);
    bool back = both_ways && (number / flows) % 2;
    uint32_t client = SYNTHETIC_CLIENTS + flow;
    /* Multiplied, so that address and port don't cancel out in a symmetric RSS hash. */
    uint32_t client_port = SYNTHETIC_PORT_FIRST + (flow * 0x9e3779b1u >> 17);

    synthetic_store32(frame + SYNTHETIC_SOURCE, back ? SYNTHETIC_SERVER : client);
    synthetic_store32(frame + SYNTHETIC_DESTINATION, back ? client : SYNTHETIC_SERVER);
    synthetic_store16(frame + SYNTHETIC_SOURCE_PORT, back ? SYNTHETIC_SERVER_PORT : client_port);
    synthetic_store16(frame + SYNTHETIC_DESTINATION_PORT,
                      back ? client_port : SYNTHETIC_SERVER_PORT);
    synthetic_store32(frame + SYNTHETIC_NUMBER, (uint32_t)(number >> 32));
    synthetic_store32(frame + SYNTHETIC_NUMBER + 4, (uint32_t)number);

    sum += synthetic_sum(client) + synthetic_sum(SYNTHETIC_SERVER);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    synthetic_store16(frame + SYNTHETIC_CHECKSUM, ~sum & 0xffff);
}

#endif
