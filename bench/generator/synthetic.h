// SPDX-License-Identifier: BSD-2-Clause
/* Frames nobody recorded, as a port: UDP over IPv4, each frame numbered, flow after flow in turn or
 * drawn; and TCP SYNs from anywhere among them. */
#ifndef AFXDP_SYNTHETIC_H
#define AFXDP_SYNTHETIC_H

#include <stdbool.h>

#include "port.h"
#include "synthetic_layout.h"

enum {
    SYNTHETIC_LENGTH_LEAST = 60, /* bytes, without the checksum that the NIC adds */
    SYNTHETIC_LENGTH_MOST = 9018,
    SYNTHETIC_FLOWS_MOST = 1 << 24, /* an address each in 10.0.0.0/8 */
};

struct synthetic_options {
    uint64_t count;  /* frames */
    uint32_t flows;  /* 1..SYNTHETIC_FLOWS_MOST */
    uint32_t length; /* of each frame */
    uint8_t to[6];   /* Ethernet addresses */
    uint8_t from[6];
    bool both_ways;     /* every second round through the flows goes the other way */
    bool stamps;        /* UDP frames have their time in them (SYNTHETIC_STAMP) */
    int order;          /* enum synthetic_order: which flow is next */
    uint32_t syn_flood; /* of 100 frames, so many are SYNs */
};

struct synthetic_mix synthetic_mix(const struct synthetic_options *options);

/* The SYNTHETIC_PARTS + 1 flows that synthetic_flow reads. */
void synthetic_zipf(const struct synthetic_mix *mix, uint32_t *zipf);

struct synthetic; /* a struct port */

/* 0 or -ENOMEM. Its frames are valid until the next receive. */
int synthetic_new(struct synthetic **out, const struct synthetic_options *options);
struct port *synthetic_port(struct synthetic *synthetic);
void synthetic_free(struct synthetic *synthetic);

/* Writes what would be frame number `number` with flows in turn and no flood into `frame`, of
 * options->length bytes. */
void synthetic_write(const struct synthetic_options *options, uint64_t number, uint8_t *frame);

#endif
