// SPDX-License-Identifier: BSD-2-Clause
/* Packet memory of one worker: chunks of one size, and the stack of those that nobody uses.
 *
 * Who owns a chunk, and when. A worker's one or two ports share the memory; a chunk is in one place
 * at a time:
 *
 *          ┌──────────────── umem_get ────────────────┐
 *          ▼                                          │
 *     fill ring ─► NIC ─► RX ring ─► the worker ─► free stack ◄───────┐
 *                                       │  (dropped, released)        │
 *                                       └─► TX ring ─► NIC ─► completion ring
 *
 * The last chunk freed is the first used again: it is the likeliest to be in the cache. Ports are
 * filled from one stack, so traffic that only crosses one way can't drain a port.
 *
 * Belongs to one thread after set-up. */
#ifndef AFXDP_UMEM_H
#define AFXDP_UMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "pages.h"

enum {
    UMEM_HEADROOM = 256, /* XDP_PACKET_HEADROOM: what the kernel keeps before each frame */
    UMEM_FRAME_SIZE_LEAST = 2048,
    UMEM_FRAME_SIZE_MOST = 4096, /* a page: the kernel takes no larger aligned chunks */
};

/* A further buffer of a frame that didn't fit into one chunk. */
struct umem_buffer {
    uint64_t address;
    uint32_t length;
    uint32_t zero;
};

struct umem {
    uint8_t *memory;
    size_t size; /* of the mapping */
    uint32_t frame_size;
    uint32_t frame_shift;
    uint32_t frames;
    uint32_t free_count;
    uint64_t *free_stack;     /* addresses of chunks */
    struct umem_buffer *next; /* by chunk: the buffer after this one; only with multi-buffer */
    enum pages pages;
};

/* Maps `frames` chunks of `frame_size` (2,048 or 4,096): in reserved pages where there are enough,
 * on NUMA node `node` (negative: anywhere). `multi_buffer`: keeps chains. -ENOMEM, -EINVAL. */
int umem_map(struct umem *umem, uint32_t frames, uint32_t frame_size, int node, bool multi_buffer,
             struct error *error);

/* What umem_map takes, in bytes. */
size_t umem_bytes(uint32_t frames, uint32_t frame_size, bool multi_buffer);

/* Puts all chunks on the stack; once no ring holds any. */
void umem_reset(struct umem *umem);

void umem_unmap(struct umem *umem);

static inline uint64_t umem_chunk(const struct umem *umem, uint64_t address)
{
    return address & ~(uint64_t)(umem->frame_size - 1);
}

/* Takes a chunk; only while free_count > 0. */
static inline uint64_t umem_get(struct umem *umem)
{
    return umem->free_stack[--umem->free_count];
}

/* Gives back the chunk that `address` lies in. */
static inline void umem_put(struct umem *umem, uint64_t address)
{
    umem->free_stack[umem->free_count++] = umem_chunk(umem, address);
}

/* The link from a frame's buffer at `address` to its next one. */
static inline struct umem_buffer *umem_next(const struct umem *umem, uint64_t address)
{
    return &umem->next[address >> umem->frame_shift];
}

#endif
