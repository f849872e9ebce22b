// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_side.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "redirect_abi.h"

enum { NAME_AT = 16 }; /* behind the addresses, which a hairpin swaps */

struct label {
    uint64_t name;
    uint64_t place;
};

static struct kernel_side *side_of[KERNEL_SIDES];

ssize_t __wrap_sendto(int fd, const void *data, size_t length, int flags,
                      const struct sockaddr *address, socklen_t size);
ssize_t __wrap_recvfrom(int fd, void *data, size_t length, int flags, struct sockaddr *address,
                        socklen_t *size);

/* As xsk_sendmsg in copy mode: a few descriptors, and EAGAIN when that wasn't all. */
ssize_t __wrap_sendto(int fd, const void *data, size_t length, int flags,
                      const struct sockaddr *address, socklen_t size)
{
    struct kernel_side *side = side_of[fd];

    assert_null(data);
    assert_int_equal(length, 0);
    assert_int_equal(flags, MSG_DONTWAIT);
    assert_null(address);
    assert_int_equal(size, 0);
    side->calls++;
    errno = side->refusal;
    if (side->refusal)
        return -1;
    kernel_side_transmit(side, side->takes);
    while (side->prompt && side->leaving_count > 0)
        kernel_side_complete(side, 0);
    errno = EAGAIN;
    return kernel_ring_filled(&side->tx) == 0 ? 0 : -1;
}

ssize_t __wrap_recvfrom(int fd, void *data, size_t length, int flags, struct sockaddr *address,
                        socklen_t *size)
{
    assert_null(data);
    assert_int_equal(length, 0);
    assert_int_equal(flags, MSG_DONTWAIT);
    assert_null(address);
    assert_null(size);
    side_of[fd]->calls++;
    return 0;
}

static void open_producer(struct xsk_ring_prod *prod, struct kernel_ring *ring)
{
    *prod = (struct xsk_ring_prod){
        .cached_prod = ring->producer,
        .cached_cons = ring->consumer + ring->size, /* as libxdp sets it */
        .mask = ring->size - 1,
        .size = ring->size,
        .producer = &ring->producer,
        .consumer = &ring->consumer,
        .ring = ring->descriptors,
        .flags = &ring->flags,
    };
}

static void open_consumer(struct xsk_ring_cons *cons, struct kernel_ring *ring)
{
    *cons = (struct xsk_ring_cons){
        .cached_prod = ring->producer,
        .cached_cons = ring->consumer,
        .mask = ring->size - 1,
        .size = ring->size,
        .producer = &ring->producer,
        .consumer = &ring->consumer,
        .ring = ring->descriptors,
        .flags = &ring->flags,
    };
}

void kernel_side_open(struct kernel_side *side, uint32_t which, struct umem *umem,
                      const struct xsk_sizes *sizes, uint32_t begin)
{
    const struct kernel_ring empty = {.producer = begin, .consumer = begin};

    memset(side, 0, sizeof(*side));
    side_of[which] = side;
    side->rx = side->tx = side->fill = side->completion = empty;
    side->rx.size = sizes->rx;
    side->tx.size = sizes->tx;
    side->fill.size = sizes->fill;
    side->completion.size = sizes->completion;
    side->takes = UINT32_MAX;
    side->port = (struct xsk_port){
        .port.operations = &xsk_port_operations,
        .umem = umem,
        .fd = (int)which,
    };
    open_consumer(&side->port.rx, &side->rx);
    open_producer(&side->port.tx, &side->tx);
    open_producer(&side->port.fill, &side->fill);
    open_consumer(&side->port.completion, &side->completion);
}

uint32_t kernel_ring_filled(const struct kernel_ring *ring)
{
    uint32_t filled = ring->producer - ring->consumer;

    assert_in_range(filled, 0, ring->size);
    return filled;
}

static uint32_t slot(const struct kernel_ring *ring, uint32_t position)
{
    return position & (ring->size - 1);
}

uint32_t kernel_side_hold(struct kernel_side *side, uint32_t most)
{
    uint32_t taken = 0;

    for (; taken < most && kernel_ring_filled(&side->fill) > 0; taken++)
        side->held[side->held_count++] =
            side->fill.addresses[slot(&side->fill, side->fill.consumer++)];
    return taken;
}

static void write_buffer(const struct kernel_side *side, const struct kernel_packet *packet,
                         uint32_t place, uint64_t address)
{
    const struct redirect_stamp stamp = {REDIRECT_STAMP_MARK, packet->time};
    const struct label label = {packet->name, place};
    uint8_t *data = side->port.umem->memory + address;

    if (place == 0 && packet->stamped)
        memcpy(data - sizeof(stamp), &stamp, sizeof(stamp));
    for (uint8_t i = 0; i < 12 && i < packet->length[place]; i++)
        data[i] = i;
    if (packet->length[place] >= NAME_AT + sizeof(label))
        memcpy(data + NAME_AT, &label, sizeof(label));
}

void kernel_buffer_check(const uint8_t *data, uint64_t name, uint32_t place)
{
    struct label label;

    memcpy(&label, data + NAME_AT, sizeof(label));
    assert_int_equal(label.name, name);
    assert_int_equal(label.place, place);
}

void kernel_addresses_check(const uint8_t *data, bool swapped)
{
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(data[i], swapped ? (i + 6) % 12 : i);
}

bool kernel_side_arrive(struct kernel_side *side, const struct kernel_packet *packet)
{
    if (side->arriving_count > 0 || side->held_count < packet->buffers)
        return false;
    for (uint32_t i = 0; i < packet->buffers; i++) {
        uint64_t address = side->held[0] + UMEM_HEADROOM;

        memmove(side->held, side->held + 1, --side->held_count * sizeof(side->held[0]));
        write_buffer(side, packet, i, address);
        side->arriving[i] = (struct xdp_desc){
            .addr = address,
            .len = packet->length[i],
            .options = i + 1 < packet->buffers ? XDP_PKT_CONTD : 0,
        };
    }
    side->arriving_count = packet->buffers;
    return true;
}

uint32_t kernel_side_deliver(struct kernel_side *side, uint32_t most)
{
    struct kernel_ring *rx = &side->rx;
    uint32_t done = 0;

    for (; done < most && done < side->arriving_count && kernel_ring_filled(rx) < rx->size; done++)
        rx->descriptors[slot(rx, rx->producer++)] = side->arriving[done];
    side->arriving_count -= done;
    memmove(side->arriving, side->arriving + done,
            side->arriving_count * sizeof(side->arriving[0]));
    return done;
}

uint32_t kernel_side_transmit(struct kernel_side *side, uint32_t most)
{
    struct kernel_ring *tx = &side->tx;
    uint32_t taken = 0;

    while (taken < most && kernel_ring_filled(tx) > 0 &&
           kernel_ring_filled(&side->completion) + side->leaving_count < side->completion.size) {
        const struct xdp_desc *descriptor = &tx->descriptors[slot(tx, tx->consumer++)];

        if (side->taken)
            side->taken(side, descriptor);
        side->leaving[side->leaving_count++] = *descriptor;
        taken++;
    }
    return taken;
}

void kernel_side_complete(struct kernel_side *side, uint32_t which)
{
    struct kernel_ring *ring = &side->completion;

    ring->addresses[slot(ring, ring->producer++)] = side->leaving[which].addr;
    side->leaving_count--;
    memmove(side->leaving + which, side->leaving + which + 1,
            (side->leaving_count - which) * sizeof(side->leaving[0]));
}

static void put(const struct umem *umem, uint8_t *places, uint64_t address, unsigned int place)
{
    uint64_t chunk = address >> umem->frame_shift;

    assert_in_range(chunk, 0, umem->frames - 1);
    if (places[chunk] != KERNEL_PLACE_NONE)
        fail_msg("chunk %u is in places %u and %u", (unsigned int)chunk, places[chunk], place);
    places[chunk] = (uint8_t)place;
}

static void put_descriptors(const struct umem *umem, uint8_t *places,
                            const struct kernel_ring *ring, unsigned int place)
{
    for (uint32_t at = ring->consumer; at != ring->producer; at++)
        put(umem, places, ring->descriptors[slot(ring, at)].addr, place);
}

static void put_addresses(const struct umem *umem, uint8_t *places, const struct kernel_ring *ring,
                          unsigned int place)
{
    for (uint32_t at = ring->consumer; at != ring->producer; at++)
        put(umem, places, ring->addresses[slot(ring, at)], place);
}

static void put_side(const struct kernel_side *side, uint8_t *places, unsigned int port)
{
    const struct umem *umem = side->port.umem;

    put_addresses(umem, places, &side->fill, KERNEL_PLACE_FILL + port);
    put_addresses(umem, places, &side->completion, KERNEL_PLACE_COMPLETION + port);
    put_descriptors(umem, places, &side->rx, KERNEL_PLACE_RX + port);
    put_descriptors(umem, places, &side->tx, KERNEL_PLACE_TX + port);
    for (uint32_t i = 0; i < side->held_count; i++)
        put(umem, places, side->held[i], KERNEL_PLACE_HELD + port);
    for (uint32_t i = 0; i < side->arriving_count; i++)
        put(umem, places, side->arriving[i].addr, KERNEL_PLACE_HELD + port);
    for (uint32_t i = 0; i < side->leaving_count; i++)
        put(umem, places, side->leaving[i].addr, KERNEL_PLACE_LEAVING + port);
}

void kernel_sides_find(const struct kernel_side *sides, uint32_t count, const struct frame *hand,
                       uint32_t in_hand, uint8_t places[KERNEL_CHUNKS_MOST])
{
    const struct umem *umem = sides[0].port.umem;

    memset(places, KERNEL_PLACE_NONE, KERNEL_CHUNKS_MOST);
    for (uint32_t i = 0; i < count; i++)
        put_side(&sides[i], places, i * KERNEL_PLACE_PORT);
    for (uint32_t i = 0; i < umem->free_count; i++)
        put(umem, places, umem->free_stack[i], KERNEL_PLACE_FREE);
    for (uint32_t i = 0; i < in_hand; i++) {
        uint64_t address = hand[i].handle;

        put(umem, places, address, KERNEL_PLACE_HAND);
        for (uint32_t further = 0; further < hand[i].buffers; further++) {
            address = umem_next(umem, address)->address;
            put(umem, places, address, KERNEL_PLACE_HAND);
        }
    }
    for (uint32_t i = 0; i < umem->frames; i++)
        if (places[i] == KERNEL_PLACE_NONE)
            fail_msg("chunk %u is nowhere", i);
}
