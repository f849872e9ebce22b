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
    SYNTHETIC_STAMP = 14 + 36,  /* 8 bytes, the machine's own order: ns, CLOCK_MONOTONIC */
    SYNTHETIC_HEAD = 14 + 44,   /* all that differs */
    SYNTHETIC_PORT_FIRST = 1024,
    SYNTHETIC_SERVER_PORT = 9, /* discard */
    SYNTHETIC_WEB_PORT = 80,   /* what is flooded */
};

enum synthetic_order {
    SYNTHETIC_TURN,    /* flow after flow */
    SYNTHETIC_UNIFORM, /* drawn, all alike */
    SYNTHETIC_ZIPF,    /* drawn, the r-th as often as 1/r */
};

/* What the frames of a run are a mixture of. */
struct synthetic_mix {
    uint32_t flows;
    uint32_t length;    /* of each frame, bytes */
    uint32_t order;     /* enum synthetic_order */
    uint32_t syn_flood; /* of 100 frames: TCP SYNs, each from an address of its own */
    uint32_t both_ways; /* every second round through the flows goes the other way */
};

/* Zipf's law as the flows that so many parts of all packets belong to. Between two of these it is
 * as good as flat: the first flows have parts of their own. */
enum { SYNTHETIC_PARTS = 4096 };

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

ALWAYS_INLINE void synthetic_store_checksum(uint8_t *at, uint32_t sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    synthetic_store16(at, ~sum & 0xffff);
}

/* Nobody's random numbers but a frame's own: both senders draw the same. */
ALWAYS_INLINE uint64_t synthetic_draw(uint64_t number)
{
    uint64_t z = (number + 1) * 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* `zipf`: SYNTHETIC_PARTS + 1 flows, read only in that order. */
ALWAYS_INLINE uint32_t synthetic_flow(uint64_t number, const struct synthetic_mix *mix,
                                      const volatile uint32_t *zipf)
{
    if (mix->order == SYNTHETIC_TURN)
        return (uint32_t)(number % mix->flows);
    uint64_t drawn = synthetic_draw(number);
    if (mix->order == SYNTHETIC_UNIFORM)
        return (uint32_t)((drawn >> 32) * mix->flows >> 32);
    uint32_t part = (uint32_t)(drawn >> 32) & (SYNTHETIC_PARTS - 1);
    uint64_t first = zipf[part];

    return (uint32_t)(first + ((zipf[part + 1] - first) * (drawn & 0xffffffff) >> 32));
}

/* A flood's SYN in the place of whatever was there, padded as Ethernet asks for. */
ALWAYS_INLINE void synthetic_write_syn(uint8_t *frame, uint64_t number)
{
    uint64_t drawn = synthetic_draw(~number);
    uint32_t source = ((uint32_t)drawn % 223 + 1) << 24 | (drawn >> 32 & 0xffffff);
    uint32_t port = SYNTHETIC_PORT_FIRST + (uint32_t)(drawn >> 40) % (65536 - SYNTHETIC_PORT_FIRST);
    uint32_t sequence = (uint32_t)(drawn >> 16 ^ number);
    uint32_t addresses = synthetic_sum(source) + synthetic_sum(SYNTHETIC_SERVER);
    uint8_t *ip = frame + 14, *tcp = ip + 20;

    synthetic_store16(ip + 2, 40);
    ip[9] = 6;
    synthetic_store32(frame + SYNTHETIC_SOURCE, source);
    synthetic_store32(frame + SYNTHETIC_DESTINATION, SYNTHETIC_SERVER);
    synthetic_store_checksum(frame + SYNTHETIC_CHECKSUM, 0x4500 + 40 + 0x4006 + addresses);
    synthetic_store16(tcp, port);
    synthetic_store16(tcp + 2, SYNTHETIC_WEB_PORT);
    synthetic_store32(tcp + 4, sequence);
    synthetic_store32(tcp + 8, 0);
    synthetic_store32(tcp + 12, 0x5002ffff); /* five words, SYN, window */
    synthetic_store16(tcp + 18, 0);
    synthetic_store_checksum(tcp + 16, addresses + 6 + 20 + port + SYNTHETIC_WEB_PORT +
                                           synthetic_sum(sequence) + 0x5002 + 0xffff);
}

/* What a SYN that was there before has changed. */
ALWAYS_INLINE void synthetic_write_udp(uint8_t *frame, uint32_t length)
{
    uint8_t *ip = frame + 14;

    synthetic_store16(ip + 2, length - 14);
    ip[9] = 17;
    synthetic_store32(ip + 24, (length - 34) << 16); /* a checksum of 0 means none */
    for (int i = SYNTHETIC_STAMP; i < SYNTHETIC_STAMP + 4; i++)
        frame[i] = (uint8_t)i;
}

/* Fills in what is frame `number`'s own; `sum` is the checksum's sum over the rest of the IP header
 * of UDP. */
ALWAYS_INLINE void synthetic_vary(uint8_t *frame, uint64_t number, const struct synthetic_mix *mix,
                                  const volatile uint32_t *zipf, uint32_t sum)
{
    if (mix->syn_flood && (synthetic_draw(number) >> 12) % 100 < mix->syn_flood) {
        synthetic_write_syn(frame, number);
        return;
    }
    if (mix->syn_flood)
        synthetic_write_udp(frame, mix->length);
    uint32_t flow = synthetic_flow(number, mix, zipf);
    bool back = mix->both_ways && (number / mix->flows) % 2;
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
    synthetic_store_checksum(frame + SYNTHETIC_CHECKSUM,
                             sum + synthetic_sum(client) + synthetic_sum(SYNTHETIC_SERVER));
}

#endif
