// SPDX-License-Identifier: BSD-2-Clause
#include "xsk_port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "monotonic.h"
#include "redirect_abi.h"

/* linux/if_xdp.h of kernel 6.6: the frame goes on in the next descriptor. */
#ifndef XDP_PKT_CONTD
#define XDP_PKT_CONTD (1 << 0)
#endif

enum {
    KICKS_MAX = 8,        /* system calls of one flush; the rest goes with the next */
    REFILL_LEAST = 64,    /* the fill ring is topped up by this many or more, of a small one by a
                             quarter */
    RECEIVE_BUFFERS = 256 /* descriptors looked at for one burst */
};

static void count(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + value, __ATOMIC_RELAXED);
}

void xsk_port_reclaim(struct xsk_port *p)
{
    uint32_t index;
    uint32_t done = xsk_ring_cons__peek(&p->completion, p->completion.size, &index);

    if (done == 0)
        return;
    for (uint32_t i = 0; i < done; i++)
        umem_put(p->umem, *xsk_ring_cons__comp_addr(&p->completion, index + i));
    xsk_ring_cons__release(&p->completion, done);
    p->in_flight -= done;
}

void xsk_port_refill(struct xsk_port *p)
{
    uint32_t room = xsk_prod_nb_free(&p->fill, p->fill.size);
    uint32_t least = p->fill.size / 4 < REFILL_LEAST ? p->fill.size / 4 : REFILL_LEAST;
    uint32_t index;

    if (room > p->umem->free_count)
        room = p->umem->free_count;
    if (room < least || xsk_ring_prod__reserve(&p->fill, room, &index) == 0)
        return;
    for (uint32_t i = 0; i < room; i++)
        *xsk_ring_prod__fill_addr(&p->fill, index + i) = umem_get(p->umem);
    xsk_ring_prod__submit(&p->fill, room);
}

/* The stamp before the frame, cleared so that the chunk's next packet can't be given this one. */
static bool take_stamp(const uint8_t *data, uint64_t *time)
{
    struct redirect_stamp stamp;
    uint8_t *where = (uint8_t *)(uintptr_t)data - sizeof(stamp);

    memcpy(&stamp, where, sizeof(stamp));
    if (stamp.mark != REDIRECT_STAMP_MARK)
        return false;
    memset(where, 0, sizeof(stamp.mark));
    *time = stamp.time;
    return true;
}

static void set_time(struct xsk_port *p, struct frame *frame, uint64_t *burst_clock)
{
    if (p->stamped && take_stamp(frame->data, &frame->time)) {
        p->last_time = frame->time;
        return;
    }
    if (p->stamped)
        count(&p->counters.unstamped, 1);
    if (p->nic_clock) { /* one run uses one clock */
        frame->time = p->last_time;
        return;
    }
    if (*burst_clock == 0)
        *burst_clock = monotonic_ns();
    frame->time = *burst_clock;
}

static void take_trailer(struct frame *frame)
{
    if (frame->buffers > 0 || frame->length < sizeof(frame->time))
        return;
    frame->length -= (uint32_t)sizeof(frame->time);
    frame->wire_length -= (uint32_t)sizeof(frame->time);
    memcpy(&frame->time, frame->data + frame->length, sizeof(frame->time));
}

/* Makes a frame of the descriptors from `index` on. Returns how many it has, 0 when the kernel
 * hasn't delivered the last one yet. */
static uint32_t gather(struct xsk_port *p, struct frame *frame, uint32_t index, uint32_t available)
{
    const struct xdp_desc *desc = xsk_ring_cons__rx_desc(&p->rx, index);
    uint32_t used = 1;

    frame->data = p->umem->memory + desc->addr;
    frame->length = desc->len;
    frame->wire_length = desc->len;
    frame->handle = desc->addr;
    frame->link = LINK_ETHERNET;
    frame->interface = 0;
    while (desc->options & XDP_PKT_CONTD) {
        uint64_t before = desc->addr;

        if (used == available)
            return 0;
        desc = xsk_ring_cons__rx_desc(&p->rx, index + used++);
        *umem_next(p->umem, before) = (struct umem_buffer){desc->addr, desc->len, 0};
        frame->wire_length += desc->len;
    }
    frame->buffers = (uint16_t)(used - 1);
    return used;
}

static void wake_receiver(struct xsk_port *p)
{
    if (!__atomic_load_n(&p->busy_poll, __ATOMIC_RELAXED) && !xsk_ring_prod__needs_wakeup(&p->fill))
        return;
    count(&p->counters.wakeups, 1);
    (void)recvfrom(p->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

static int xsk_port_receive(struct port *port, struct frame *frames, uint32_t most)
{
    struct xsk_port *p = (struct xsk_port *)port;
    uint64_t burst_clock = 0;
    uint32_t taken = 0;
    uint32_t used = 0;
    uint32_t index = 0;

    xsk_port_reclaim(p);
    xsk_port_refill(p);
    /* libxdp looks for news only when it knows of none, but half a frame may be what it knows. */
    p->rx.cached_prod = __atomic_load_n(p->rx.producer, __ATOMIC_ACQUIRE);
    uint32_t available = xsk_ring_cons__peek(&p->rx, RECEIVE_BUFFERS, &index);
    uint32_t waiting = p->rx.cached_prod - index; /* it may have looked again */
    if (available > 0)
        histogram_add(&p->counters.waiting, waiting);
    while (taken < most && used < available) {
        uint32_t buffers = gather(p, &frames[taken], index + used, available - used);

        if (buffers == 0)
            break;
        used += buffers;
        set_time(p, &frames[taken], &burst_clock);
        if (p->trailer_time)
            take_trailer(&frames[taken]);
        taken++;
    }
    xsk_ring_cons__cancel(&p->rx, available - used);
    if (used > 0)
        xsk_ring_cons__release(&p->rx, used);
    count(&p->counters.received, taken);
    wake_receiver(p);
    return (int)taken;
}

static void swap_addresses(uint8_t *ethernet)
{
    uint8_t destination[6];

    memcpy(destination, ethernet, 6);
    memcpy(ethernet, ethernet + 6, 6);
    memcpy(ethernet + 6, destination, 6);
}

static void put_descriptors(struct xsk_port *p, const struct frame *frame, uint32_t index)
{
    struct xdp_desc *desc = xsk_ring_prod__tx_desc(&p->tx, index);

    *desc = (struct xdp_desc){.addr = frame->handle, .len = frame->length};
    for (uint32_t i = 0; i < frame->buffers; i++) {
        const struct umem_buffer *next = umem_next(p->umem, desc->addr);

        desc->options = XDP_PKT_CONTD;
        desc = xsk_ring_prod__tx_desc(&p->tx, index + i + 1);
        *desc = (struct xdp_desc){.addr = next->address, .len = next->length};
    }
}

static uint32_t xsk_port_send(struct port *port, const struct frame *frames, uint32_t most)
{
    struct xsk_port *p = (struct xsk_port *)port;
    uint32_t taken = 0;
    uint32_t used = 0;

    xsk_port_reclaim(p);
    uint32_t room = xsk_prod_nb_free(&p->tx, p->tx.size);
    uint32_t first = p->tx.cached_prod;
    for (; taken < most && used + 1 + frames[taken].buffers <= room; taken++) {
        if (p->swap_addresses && frames[taken].length >= 12)
            swap_addresses(frames[taken].data);
        put_descriptors(p, &frames[taken], first + used);
        used += 1 + frames[taken].buffers;
    }
    p->tx.cached_prod += used;
    if (used > 0)
        xsk_ring_prod__submit(&p->tx, used);
    p->in_flight += used;
    count(&p->counters.sent, taken);
    return taken;
}

static void xsk_port_release(struct port *port, const struct frame *frames, uint32_t most)
{
    struct xsk_port *p = (struct xsk_port *)port;

    for (uint32_t i = 0; i < most; i++) {
        uint64_t address = frames[i].handle;

        for (uint32_t further = frames[i].buffers; further > 0; further--) {
            uint64_t next = umem_next(p->umem, address)->address;
            umem_put(p->umem, address);
            address = next;
        }
        umem_put(p->umem, address);
    }
}

bool xsk_port_unsent(const struct xsk_port *p)
{
    return __atomic_load_n(p->tx.consumer, __ATOMIC_ACQUIRE) != *p->tx.producer;
}

void xsk_port_kick(struct xsk_port *p)
{
    for (int kicks = 0; kicks < KICKS_MAX; kicks++) {
        /* In copy mode the kernel sends only when called. With zero-copy the NIC goes on by itself
         * until it asks to be woken, which it may do for frames it took and hasn't completed. */
        if (p->zero_copy ? p->in_flight == 0 : !xsk_port_unsent(p))
            return;
        if (!xsk_ring_prod__needs_wakeup(&p->tx))
            return;
        count(&p->counters.wakeups, 1);
        if (sendto(p->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0 || p->zero_copy)
            return;
        if (errno != EAGAIN && errno != EBUSY && errno != ENOBUFS)
            return;          /* down or gone: whoever waits on the port finds out */
        xsk_port_reclaim(p); /* EAGAIN also comes of a full completion ring */
    }
}

static void xsk_port_flush(struct port *port)
{
    struct xsk_port *p = (struct xsk_port *)port;

    xsk_port_refill(p);
    xsk_port_kick(p);
}

const struct port_operations xsk_port_operations = {
    .receive = xsk_port_receive,
    .send = xsk_port_send,
    .release = xsk_port_release,
    .flush = xsk_port_flush,
};
