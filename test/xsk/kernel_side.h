// SPDX-License-Identifier: BSD-2-Clause
/* The kernel's side of an AF_XDP socket, played by a test: rings in plain memory, and what a kernel
 * does with them, step by step and only when told. The port under test calls sendto and recvfrom,
 * which end here (linked with --wrap).
 *
 * Whatever a real kernel wouldn't do isn't done either: RX descriptors come from the fill ring, a
 * descriptor is taken off the TX ring only when the completion ring has room for it. */
#ifndef AFXDP_TEST_KERNEL_SIDE_H
#define AFXDP_TEST_KERNEL_SIDE_H

#include <linux/if_xdp.h>

#include "xsk_group.h"

#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

enum {
    KERNEL_RING_MOST = 64,
    KERNEL_CHUNKS_MOST = 1024,
    KERNEL_BUFFERS_MOST = 5, /* of one packet */
    KERNEL_SIDES = 2,
};

/* One ring: where both sides stand, and the slots. */
struct kernel_ring {
    uint32_t producer;
    uint32_t consumer;
    uint32_t flags;
    uint32_t size;
    union {
        struct xdp_desc descriptors[KERNEL_RING_MOST];
        uint64_t addresses[KERNEL_RING_MOST];
    };
};

struct kernel_packet {
    uint64_t name; /* written into every buffer that has room for it, with the buffer's place */
    uint32_t buffers;
    uint32_t length[KERNEL_BUFFERS_MOST];
    bool stamped;
    uint64_t time;
};

struct kernel_side {
    struct xsk_port port; /* under test */
    struct kernel_ring rx, tx, fill, completion;
    uint64_t held[KERNEL_CHUNKS_MOST]; /* off the fill ring, to receive into */
    uint32_t held_count;
    struct xdp_desc arriving[KERNEL_BUFFERS_MOST]; /* of a packet not wholly delivered */
    uint32_t arriving_count;
    struct xdp_desc leaving[KERNEL_CHUNKS_MOST]; /* off the TX ring, not completed */
    uint32_t leaving_count;
    uint32_t calls; /* of sendto and recvfrom */
    uint32_t takes; /* descriptors that one sendto takes at most */
    int refusal;    /* the errno of every sendto; 0: it takes */
    bool prompt;    /* what sendto takes is completed at once */
    void (*taken)(struct kernel_side *side, const struct xdp_desc *descriptor); /* may be NULL */
    void *context;                                                              /* for taken */
};

/* Where a chunk is: one of these, with KERNEL_PLACE_PORT added for what belongs to the second
 * port's rings. */
enum kernel_place {
    KERNEL_PLACE_NONE,
    KERNEL_PLACE_FREE,
    KERNEL_PLACE_HAND,
    KERNEL_PLACE_FILL,
    KERNEL_PLACE_HELD,
    KERNEL_PLACE_RX,
    KERNEL_PLACE_TX,
    KERNEL_PLACE_LEAVING,
    KERNEL_PLACE_COMPLETION,
    KERNEL_PLACES,
    KERNEL_PLACE_PORT = 16,
};

/* Sets up side number `which` (its port's descriptor) with a port on `umem`; all ring positions
 * begin at `begin`, which may be close to where 32 bits end. */
void kernel_side_open(struct kernel_side *side, uint32_t which, struct umem *umem,
                      const struct xsk_sizes *sizes, uint32_t begin);

/* Entries between producer and consumer. */
uint32_t kernel_ring_filled(const struct kernel_ring *ring);

/* Takes up to `most` chunks off the fill ring; how many. */
uint32_t kernel_side_hold(struct kernel_side *side, uint32_t most);

/* Writes a packet into held chunks, none of it visible yet. False when too few are held or another
 * packet is still arriving. */
bool kernel_side_arrive(struct kernel_side *side, const struct kernel_packet *packet);

/* Makes up to `most` buffers of the arriving packet visible; how many there was room for. */
uint32_t kernel_side_deliver(struct kernel_side *side, uint32_t most);

/* Takes up to `most` descriptors off the TX ring; how many. */
uint32_t kernel_side_transmit(struct kernel_side *side, uint32_t most);

/* Completes the `which`-th of what is leaving. */
void kernel_side_complete(struct kernel_side *side, uint32_t which);

/* Fails the running test unless every chunk is in exactly one place; writes where. */
void kernel_sides_find(const struct kernel_side *sides, uint32_t count, const struct frame *hand,
                       uint32_t in_hand, uint8_t places[KERNEL_CHUNKS_MOST]);

/* The content of a buffer, written by kernel_side_arrive: behind where addresses stand. */
void kernel_buffer_check(const uint8_t *data, uint64_t name, uint32_t place);

/* The two Ethernet addresses at the begin of a buffer, as written or exchanged. */
void kernel_addresses_check(const uint8_t *data, bool swapped);

#endif
