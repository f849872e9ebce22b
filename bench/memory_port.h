// SPDX-License-Identifier: BSD-2-Clause
/* A port whose frames are in memory already: what the pipeline costs without a NIC or a file.
 *
 * memory_port_wrap puts them into VXLAN, 50 bytes more, as a mirror port shows them.
 *
 * Frames are 64 bytes of UDP over IPv4, one per flow in random order, and walked again and again;
 * in the "new" mode each delivery gets addresses never seen before, for one 8-byte store. */
#ifndef AFXDP_BENCH_MEMORY_PORT_H
#define AFXDP_BENCH_MEMORY_PORT_H

#include <stdbool.h>

#include "port.h"

enum {
    MEMORY_FRAME_SIZE = 64,
    MEMORY_FRAME_INTERVAL_NS = 100,
    MEMORY_TUNNEL_SIZE = 50, /* Ethernet, IPv4, UDP, VXLAN */
};

struct memory_port {
    struct port port;
    uint8_t *frames;
    uint32_t frame_count; /* = flows */
    uint32_t next;
    uint64_t time;
    uint64_t delivered;
    bool new_flows;
    uint32_t frame_size;
    uint32_t stride; /* from one frame to the next: whole cache lines */
};

/* -ENOMEM. */
int memory_port_open(struct memory_port *port, uint32_t flows, bool new_flows);
int memory_port_wrap(struct memory_port *port); /* -ENOMEM */
void memory_port_close(struct memory_port *port);

#endif
