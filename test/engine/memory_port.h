// SPDX-License-Identifier: BSD-2-Clause
/* A port of frames in memory, which keeps account of who gave what away. */
#ifndef AFXDP_TEST_MEMORY_PORT_H
#define AFXDP_TEST_MEMORY_PORT_H

#include <stddef.h>

#include "frames.h"
#include "port.h"

enum { MEMORY_PORT_FRAMES = 4096 };

struct memory_port {
    struct port port;
    uint8_t bytes[MEMORY_PORT_FRAMES][TEST_FRAME_SIZE];
    struct frame frames[MEMORY_PORT_FRAMES];
    uint32_t count;
    uint32_t next;     /* the first not yet received */
    uint32_t most;     /* frames a receive gives at most; 0: a random number of 1..BURST_MAX */
    uint32_t capacity; /* frames a send takes at most */
    int end;           /* what receive returns behind the last frame */
    uint32_t random;

    uint32_t given_back[MEMORY_PORT_FRAMES]; /* how often each frame was released to this port */
    uint32_t sent[MEMORY_PORT_FRAMES];       /* how often it was sent out of this port */
    uint64_t sent_order[MEMORY_PORT_FRAMES];
    uint32_t sent_count;
    uint32_t flushes;
};

struct memory_port *memory_port_new(void);

/* Appends a frame; its handle is its place. */
void memory_port_add(struct memory_port *port, const struct test_packet *packet);

#endif
