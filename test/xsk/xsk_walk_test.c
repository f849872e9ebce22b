// SPDX-License-Identifier: BSD-2-Clause
/* A random walk of a worker and a kernel over the rings of one or two ports, a million steps: after
 * each, every chunk is in one place, and got there by a way that the step may go (umem.h, "Who owns
 * a chunk, and when"); every packet arrives once, whole and in order, and leaves as it came. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chunk_ways.h"
#include "kernel_side.h"
#include "random.h"

enum {
    STEPS = 1000000,
    WORLDS = 200, /* each of other sizes and modes */
    HAND_MOST = 128,
    WRAP_WITHIN = 40, /* ring positions begin so close to where 32 bits end */
};

/* Handed to the TX ring and not yet taken by the kernel. */
struct outgoing {
    uint64_t name[KERNEL_RING_MOST];
    uint32_t first, last; /* any positions; the difference counts */
    uint32_t buffer;      /* of the first: the one that comes next */
};

struct walk {
    struct random random;
    struct umem umem;
    struct kernel_side side[KERNEL_SIDES];
    uint32_t ports;
    struct frame hand[HAND_MOST];
    uint64_t hand_name[HAND_MOST];
    uint32_t in_hand;
    uint64_t arrived[KERNEL_SIDES]; /* packets that the kernel has begun to deliver */
    uint64_t received[KERNEL_SIDES];
    uint64_t unstamped[KERNEL_SIDES];
    uint64_t sent[KERNEL_SIDES];
    uint64_t last_time[KERNEL_SIDES];
    struct outgoing outgoing[KERNEL_SIDES];
    uint8_t places[KERNEL_CHUNKS_MOST];
};

static uint32_t below(struct walk *walk, uint32_t bound)
{
    return random_below(&walk->random, bound);
}

/* All of a packet follows from its name: nothing about it needs to be remembered. */
static struct kernel_packet packet_of(const struct walk *walk, uint64_t name)
{
    struct random of_name = {.state = (name + 1) * UINT64_C(0x9e3779b97f4a7c15)};
    struct kernel_packet packet = {.name = name, .buffers = 1};

    (void)random_word(&of_name);
    if (walk->umem.next && random_below(&of_name, 3) == 0)
        packet.buffers = 1 + random_below(&of_name, KERNEL_BUFFERS_MOST);
    for (uint32_t i = 0; i < packet.buffers; i++)
        packet.length[i] = 60 + random_below(&of_name, 1700);
    packet.stamped = random_below(&of_name, 8) != 0;
    packet.time = 1 + random_word(&of_name);
    return packet;
}

static uint64_t name_of(uint32_t port, uint64_t serial)
{
    return (uint64_t)port << 48 | serial;
}

static uint32_t port_of(uint64_t name)
{
    return (uint32_t)(name >> 48);
}

static void check_sent(struct kernel_side *side, const struct xdp_desc *descriptor)
{
    struct walk *walk = side->context;
    struct outgoing *outgoing = &walk->outgoing[side - walk->side];

    assert_int_not_equal(outgoing->first, outgoing->last);
    uint64_t name = outgoing->name[outgoing->first % KERNEL_RING_MOST];
    const struct kernel_packet packet = packet_of(walk, name);
    const uint8_t *data = walk->umem.memory + descriptor->addr;
    bool more = outgoing->buffer + 1 < packet.buffers;

    kernel_buffer_check(data, name, outgoing->buffer);
    kernel_addresses_check(data, side->port.swap_addresses && outgoing->buffer == 0);
    assert_int_equal(descriptor->len, packet.length[outgoing->buffer]);
    assert_int_equal(descriptor->options, more ? XDP_PKT_CONTD : 0);
    outgoing->buffer = more ? outgoing->buffer + 1 : 0;
    outgoing->first += !more;
}

static uint32_t ring_size(struct walk *walk)
{
    return 4u << below(walk, 4); /* to 32 */
}

static void open_walk(struct walk *walk)
{
    struct xsk_sizes sizes[KERNEL_SIDES];
    bool multi_buffer = below(walk, 2);
    bool zero_copy = below(walk, 2);
    bool stamped = below(walk, 4) != 0;
    bool nic_clock = below(walk, 4) == 0;
    uint32_t all = 2 * KERNEL_BUFFERS_MOST;

    memset((char *)walk + sizeof(walk->random), 0, sizeof(*walk) - sizeof(walk->random));
    walk->ports = 1 + below(walk, 2);
    for (uint32_t i = 0; i < walk->ports; i++) {
        sizes[i] = (struct xsk_sizes){2 * ring_size(walk), ring_size(walk), ring_size(walk),
                                      ring_size(walk)}; /* RX: any packet fits */
        all += sizes[i].rx + sizes[i].tx + sizes[i].fill + sizes[i].completion;
    }
    if (below(walk, 2)) /* too few for all rings: the stack is often empty */
        all = 8 + below(walk, all);
    assert_int_equal(umem_map(&walk->umem, all, UMEM_FRAME_SIZE_LEAST, -1, multi_buffer, NULL), 0);
    for (uint32_t i = 0; i < walk->ports; i++) {
        struct kernel_side *side = &walk->side[i];

        kernel_side_open(side, i, &walk->umem, &sizes[i], 0 - below(walk, WRAP_WITHIN));
        side->taken = check_sent;
        side->context = walk;
        side->port.zero_copy = zero_copy;
        side->port.stamped = stamped;
        side->port.nic_clock = nic_clock;
        side->port.swap_addresses = walk->ports == 1;
        side->port.busy_poll = below(walk, 8) == 0;
        xsk_port_refill(&side->port);
    }
    kernel_sides_find(walk->side, walk->ports, NULL, 0, walk->places);
}

static void check_times(struct walk *walk, uint32_t port, const struct frame *frames,
                        uint32_t count)
{
    const struct xsk_port *p = &walk->side[port].port;
    uint64_t burst_clock = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct kernel_packet packet = packet_of(walk, name_of(port, walk->received[port] + i));

        if (p->stamped && packet.stamped) {
            assert_int_equal(frames[i].time, packet.time);
            walk->last_time[port] = packet.time;
        } else if (p->nic_clock) {
            assert_int_equal(frames[i].time, walk->last_time[port]);
        } else {
            assert_true(frames[i].time > 0);
            if (burst_clock > 0)
                assert_int_equal(frames[i].time, burst_clock);
            burst_clock = frames[i].time;
        }
        walk->unstamped[port] += p->stamped && !packet.stamped;
    }
}

static void check_frame(const struct walk *walk, const struct frame *frame, uint64_t name)
{
    const struct kernel_packet packet = packet_of(walk, name);
    uint32_t wire_length = packet.length[0];
    uint64_t address = frame->handle;

    assert_ptr_equal(frame->data, walk->umem.memory + address);
    assert_int_equal(frame->length, packet.length[0]);
    assert_int_equal(frame->buffers, packet.buffers - 1);
    assert_int_equal(frame->link, LINK_ETHERNET);
    kernel_buffer_check(frame->data, name, 0);
    kernel_addresses_check(frame->data, false);
    for (uint32_t i = 1; i < packet.buffers; i++) {
        const struct umem_buffer *next = umem_next(&walk->umem, address);

        assert_int_equal(next->length, packet.length[i]);
        wire_length += next->length;
        address = next->address;
        kernel_buffer_check(walk->umem.memory + address, name, i);
    }
    assert_int_equal(frame->wire_length, wire_length);
}

static void receive(struct walk *walk, uint32_t port)
{
    struct port *p = &walk->side[port].port.port;
    uint32_t room = HAND_MOST - walk->in_hand;
    uint32_t most = below(walk, 4) ? BURST_MAX : 1 + below(walk, BURST_MAX);
    struct frame *frames = walk->hand + walk->in_hand;

    if (most > room)
        most = room;
    int taken = p->operations->receive(p, frames, most);
    assert_in_range(taken, 0, most);
    check_times(walk, port, frames, (uint32_t)taken);
    for (int i = 0; i < taken; i++) {
        uint64_t name = name_of(port, walk->received[port]++);

        check_frame(walk, &frames[i], name);
        walk->hand_name[walk->in_hand++] = name;
    }
}

static void take_from_hand(struct walk *walk, uint32_t first, uint32_t count)
{
    uint32_t after = walk->in_hand - first - count;

    memmove(walk->hand + first, walk->hand + first + count, after * sizeof(walk->hand[0]));
    memmove(walk->hand_name + first, walk->hand_name + first + count,
            after * sizeof(walk->hand_name[0]));
    walk->in_hand -= count;
}

static void send(struct walk *walk, uint32_t port, uint32_t first, uint32_t count)
{
    struct port *p = &walk->side[port].port.port;
    struct outgoing *outgoing = &walk->outgoing[port];
    uint32_t taken = p->operations->send(p, walk->hand + first, count);

    assert_in_range(taken, 0, count);
    for (uint32_t i = 0; i < taken; i++)
        outgoing->name[outgoing->last++ % KERNEL_RING_MOST] = walk->hand_name[first + i];
    walk->sent[port] += taken;
    take_from_hand(walk, first, taken);
}

static void release(struct walk *walk, uint32_t first, uint32_t count)
{
    struct port *p = &walk->side[port_of(walk->hand_name[first])].port.port;

    p->operations->release(p, walk->hand + first, count);
    take_from_hand(walk, first, count);
}

static void flush(struct walk *walk, uint32_t port)
{
    static const int refusals[] = {0, 0, 0, 0, EAGAIN, EBUSY, ENOBUFS, ENETDOWN};
    struct kernel_side *side = &walk->side[port];

    side->refusal = refusals[below(walk, 8)];
    side->takes = below(walk, 2) ? 32 : below(walk, 8);
    side->prompt = below(walk, 2);
    side->port.port.operations->flush(&side->port.port);
}

/* A few packets, the last one perhaps in part. */
static void deliver(struct walk *walk, uint32_t port)
{
    struct kernel_side *side = &walk->side[port];

    for (uint32_t i = below(walk, 12); i > 0; i--) {
        const struct kernel_packet packet = packet_of(walk, name_of(port, walk->arrived[port]));

        walk->arrived[port] += kernel_side_arrive(side, &packet);
        kernel_side_deliver(side, 1 + below(walk, KERNEL_BUFFERS_MOST));
    }
}

static void turn_flags(struct walk *walk, struct kernel_side *side)
{
    uint32_t flags = below(walk, 4);

    side->tx.flags = flags & 1 ? XDP_RING_NEED_WAKEUP : 0;
    side->fill.flags = flags & 2 ? XDP_RING_NEED_WAKEUP : 0;
}

static void take_step(struct walk *walk, enum walk_step step, uint32_t port)
{
    struct kernel_side *side = &walk->side[port];
    uint32_t first = below(walk, walk->in_hand);
    uint32_t count = walk->in_hand ? 1 + below(walk, walk->in_hand - first) : 0;

    switch (step) {
    case KERNEL_HOLDS:
        kernel_side_hold(side, below(walk, 16));
        break;
    case KERNEL_DELIVERS:
        deliver(walk, port);
        break;
    case KERNEL_SENDS:
        if (side->port.zero_copy)
            kernel_side_transmit(side, below(walk, 16));
        break;
    case KERNEL_COMPLETES:
        for (uint32_t i = below(walk, 16); i > 0 && side->leaving_count > 0; i--)
            kernel_side_complete(side, below(walk, side->leaving_count));
        break;
    case KERNEL_TURNS_FLAGS:
        turn_flags(walk, side);
        break;
    case WORKER_RECEIVES:
        receive(walk, port);
        break;
    case WORKER_SENDS:
        send(walk, port, first, count);
        break;
    case WORKER_RELEASES:
        if (count > 0)
            release(walk, first, count);
        break;
    default:
        flush(walk, port);
    }
}

static void check_counters(const struct walk *walk)
{
    for (uint32_t i = 0; i < walk->ports; i++) {
        const struct kernel_side *side = &walk->side[i];
        const struct xsk_port *p = &side->port;

        assert_int_equal(p->in_flight, kernel_ring_filled(&side->tx) + side->leaving_count +
                                           kernel_ring_filled(&side->completion));
        assert_int_equal(p->counters.received, walk->received[i]);
        assert_int_equal(p->counters.sent, walk->sent[i]);
        assert_int_equal(p->counters.unstamped, walk->unstamped[i]);
        assert_int_equal(p->counters.wakeups, side->calls);
        assert_int_equal(xsk_port_unsent(p), kernel_ring_filled(&side->tx) > 0);
    }
}

/* Everything that is under way ends: what was begun is delivered, received and released, what was
 * sent is completed. Then all chunks are free, in the fill rings or held. */
static void close_walk(struct walk *walk)
{
    for (uint32_t i = 0; i < walk->ports; i++) {
        struct kernel_side *side = &walk->side[i];

        for (uint32_t round = 0; side->arriving_count > 0 || kernel_ring_filled(&side->rx) > 0;
             round++) {
            assert_in_range(round, 0, STEPS / WORLDS);
            kernel_side_deliver(side, KERNEL_BUFFERS_MOST);
            receive(walk, i);
            if (walk->in_hand > 0)
                release(walk, 0, walk->in_hand);
        }
        while (kernel_ring_filled(&side->tx) > 0 || side->leaving_count > 0) {
            kernel_side_transmit(side, KERNEL_RING_MOST);
            while (side->leaving_count > 0)
                kernel_side_complete(side, 0);
            xsk_port_reclaim(&side->port);
        }
        xsk_port_reclaim(&side->port);
        assert_int_equal(side->port.in_flight, 0);
        assert_int_equal(walk->received[i], walk->arrived[i]);
    }
    if (walk->in_hand > 0)
        release(walk, 0, walk->in_hand);
    kernel_sides_find(walk->side, walk->ports, NULL, 0, walk->places);
    for (uint32_t i = 0; i < walk->umem.frames; i++)
        assert_in_range(walk->places[i] % KERNEL_PLACE_PORT, KERNEL_PLACE_FREE, KERNEL_PLACE_HELD);
    check_counters(walk);
    umem_unmap(&walk->umem);
}

static void test_a_million_steps(void **state)
{
    static struct walk walk; /* too large for a stack */
    uint64_t received = 0, sent = 0, calls = 0;
    uint8_t places[KERNEL_CHUNKS_MOST];

    (void)state;
    walk.random = random_begin("rings");
    for (uint32_t world = 0; world < WORLDS; world++) {
        open_walk(&walk);
        for (uint32_t i = 0; i < STEPS / WORLDS; i++) {
            enum walk_step step = (enum walk_step)below(&walk, WALK_STEPS);
            uint32_t port = below(&walk, walk.ports);

            take_step(&walk, step, port);
            kernel_sides_find(walk.side, walk.ports, walk.hand, walk.in_hand, places);
            chunk_ways_check(walk.places, places, walk.umem.frames, step, port);
            memcpy(walk.places, places, sizeof(places));
            check_counters(&walk);
        }
        close_walk(&walk);
        for (uint32_t i = 0; i < walk.ports; i++) {
            received += walk.received[i];
            sent += walk.sent[i];
            calls += walk.side[i].calls;
        }
    }
    print_message("%d steps: %llu packets received, %llu sent, %llu system calls\n", STEPS,
                  (unsigned long long)received, (unsigned long long)sent,
                  (unsigned long long)calls);
    assert_true(received > STEPS / 10); /* or the walk hardly went anywhere */
    assert_true(sent > STEPS / 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_million_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
