// SPDX-License-Identifier: BSD-2-Clause
#include "memory_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bytes.h"

static const uint8_t frame_template[MEMORY_FRAME_SIZE] = {
    2,    0,    0,    0,    0,  1,  2, 0, 0,  0, 0, 2, 0x08, 0x00, /* Ethernet */
    0x45, 0,    0,    50,   0,  0,  0, 0,                          /* IPv4, 50 bytes */
    64,   17,   0,    0,    10, 0,  0, 0, 10, 1, 0, 1,             /* UDP, addresses */
    0x20, 0x00, 0x14, 0x51, 0,  30, 0, 0,                          /* 8192 -> 5201 */
};

enum { SOURCE = 26, SOURCE_PORT = 34 };

static const uint8_t tunnel_template[MEMORY_TUNNEL_SIZE] = {
    2,    0,  0,    0,    0,   3,  2, 0, 0,   0,  0, 4, 0x08, 0x00, /* Ethernet */
    0x45, 0,  0,    100,  0,   0,  0, 0,                            /* IPv4, 100 bytes */
    64,   17, 0,    0,    172, 16, 0, 1, 172, 16, 0, 2,             /* UDP, addresses */
    0xc0, 0,  0x12, 0xb5, 0,   80, 0, 0,                            /* 49152 -> 4789 */
    8,    0,  0,    0,    0,   0,  7, 0,                            /* VXLAN, VNI 7 */
};

static size_t size_of(const struct memory_port *p)
{
    return (size_t)p->frame_count * p->stride;
}

/* With sizes that the compiler knows: what is measured is the pipeline, and as little as can be of
 * this. */
ALWAYS_INLINE int deliver(struct memory_port *p, struct frame *frames, uint32_t most,
                          uint32_t frame_size, uint32_t stride)
{
    for (uint32_t i = 0; i < most; i++) {
        uint8_t *data = p->frames + (size_t)p->next * stride;

        if (p->new_flows) {
            uint64_t unseen = p->delivered + i;
            memcpy(data + SOURCE, &unseen, sizeof(unseen)); /* source and destination address */
        }
        frames[i] = (struct frame){.data = data,
                                   .length = frame_size,
                                   .wire_length = frame_size,
                                   .time = p->time,
                                   .link = LINK_ETHERNET};
        p->time += MEMORY_FRAME_INTERVAL_NS;
        p->next = p->next + 1 == p->frame_count ? 0 : p->next + 1;
    }
    p->delivered += most;
    return (int)most;
}

static int memory_port_receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct memory_port *p = (struct memory_port *)port;

    return p->stride == MEMORY_FRAME_SIZE
               ? deliver(p, frames, most, MEMORY_FRAME_SIZE, MEMORY_FRAME_SIZE)
               : deliver(p, frames, most, p->frame_size, p->stride);
}

static uint32_t memory_port_send(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    return count;
}

static void memory_port_release(struct port *port, const struct frame *frames, uint32_t count)
{
    (void)port;
    (void)frames;
    (void)count;
}

static void memory_port_flush(struct port *port)
{
    (void)port;
}

static const struct port_operations memory_port_operations = {
    .receive = memory_port_receive,
    .send = memory_port_send,
    .release = memory_port_release,
    .flush = memory_port_flush,
};

int memory_port_open(struct memory_port *p, uint32_t flows, bool new_flows)
{
    uint64_t state = flows;

    *p = (struct memory_port){.port = {&memory_port_operations},
                              .frame_count = flows,
                              .time = 1000000000,
                              .new_flows = new_flows,
                              .frame_size = MEMORY_FRAME_SIZE,
                              .stride = MEMORY_FRAME_SIZE};
    p->frames = mmap(NULL, size_of(p), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p->frames == MAP_FAILED) {
        p->frames = NULL;
        return -ENOMEM;
    }
    (void)madvise(p->frames, size_of(p), MADV_HUGEPAGE);
    /* A random permutation of the flows (Fisher and Yates, inside out), so that neither the table
     * nor its memory is walked in order. */
    for (uint32_t i = 0; i < flows; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint32_t j = (uint32_t)((state >> 32) * (i + 1) >> 32);
        uint8_t *here = p->frames + (size_t)i * MEMORY_FRAME_SIZE;
        uint8_t *there = p->frames + (size_t)j * MEMORY_FRAME_SIZE;

        memcpy(here, there, MEMORY_FRAME_SIZE);
        memcpy(there, frame_template, MEMORY_FRAME_SIZE);
        there[SOURCE + 1] = (uint8_t)(i >> 16);
        there[SOURCE + 2] = (uint8_t)(i >> 8);
        there[SOURCE + 3] = (uint8_t)i;
        there[SOURCE_PORT + 1] = (uint8_t)(i * 7);
    }
    return 0;
}

int memory_port_wrap(struct memory_port *p)
{
    struct memory_port plain = *p;

    p->frame_size = MEMORY_TUNNEL_SIZE + MEMORY_FRAME_SIZE;
    p->stride = 2 * MEMORY_FRAME_SIZE;
    p->frames = mmap(NULL, size_of(p), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p->frames == MAP_FAILED) {
        *p = plain;
        return -ENOMEM;
    }
    (void)madvise(p->frames, size_of(p), MADV_HUGEPAGE);
    for (uint32_t i = 0; i < p->frame_count; i++) {
        uint8_t *frame = p->frames + (size_t)i * p->stride;

        memcpy(frame, tunnel_template, MEMORY_TUNNEL_SIZE);
        memcpy(frame + MEMORY_TUNNEL_SIZE, plain.frames + (size_t)i * plain.stride,
               MEMORY_FRAME_SIZE);
    }
    memory_port_close(&plain);
    return 0;
}

void memory_port_close(struct memory_port *p)
{
    if (p->frames)
        munmap(p->frames, size_of(p));
    p->frames = NULL;
}
