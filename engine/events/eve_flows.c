// SPDX-License-Identifier: BSD-2-Clause
#include "eve_flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "monotonic.h"

enum { LINE = 64, WAIT_FOREVER = 0 };

static uint32_t slot_count(const struct eve_flows *f)
{
    return f->class_count + 1;
}

/* Which of a flow's counts a slot has. */
static uint32_t place_of_slot(const struct eve_flows *f, uint32_t slot)
{
    return slot == SLOT_UNSURE ? f->class_count : slot;
}

static struct eve_record *wait_for_room(struct eve_flows *f, unsigned wait_ms)
{
    const struct timespec pause = {.tv_nsec = 100000};
    uint64_t begin = monotonic_ms();
    struct eve_record *record;

    do {
        nanosleep(&pause, NULL);
        record = eve_ring_place(f->ring);
    } while (!record && (wait_ms == WAIT_FOREVER || monotonic_ms() - begin < wait_ms));
    return record;
}

static struct eve_record *place(struct eve_flows *f)
{
    struct eve_record *record = eve_ring_place(f->ring);

    return record || !f->waits ? record : wait_for_room(f, WAIT_FOREVER);
}

static void tell_end(struct eve_flows *f, const struct eve_flow *flow, struct eve_record *record,
                     enum eve_reason reason, uint64_t now)
{
    if (!record) {
        stats_add(&f->lost.events[EVE_FLOW], 1);
        stats_add(&f->lost.packets, flow->packets[0] + flow->packets[1]);
        stats_add(&f->lost.bytes, flow->bytes[0] + flow->bytes[1]);
        return;
    }
    *record = (struct eve_record){.time = now, .kind = EVE_FLOW, .reason = (uint8_t)reason};
    memcpy(&record->flow, flow, f->stride);
    eve_ring_publish(f->ring);
}

static void tell_verdict(struct eve_flows *f, const struct eve_flow *flow, uint32_t previous,
                         const struct verdict *verdict, uint32_t action, uint64_t now)
{
    struct eve_record *record = place(f);

    if (!record) {
        stats_add(&f->lost.events[EVE_VERDICT], 1);
        return;
    }
    *record = (struct eve_record){.time = now,
                                  .kind = EVE_VERDICT,
                                  .slot = flow->slot,
                                  .previous = (uint8_t)previous,
                                  .action = (uint8_t)action,
                                  .confidence = verdict->confidence};
    memcpy(&record->flow, flow, f->stride);
    eve_ring_publish(f->ring);
}

/* The tags in front of an Ethernet frame's network layer. */
static void read_vlan(const struct frame *frame, uint16_t vlan[2])
{
    uint32_t at = 12;

    for (int i = 0; frame->link == LINK_ETHERNET && i < 2 && at + 4 <= frame->length;
         i++, at += 4) {
        uint16_t type = load_be16(frame->data + at);

        if (type != ETHERTYPE_VLAN && type != ETHERTYPE_SERVICE_VLAN && type != ETHERTYPE_OLD_QINQ)
            return;
        vlan[i] = load_be16(frame->data + at + 2) & 0xfff;
    }
}

static uint16_t read_icmp(const struct frame *frame, const struct packet *packet)
{
    const uint8_t *message = frame->data + frame->length - packet->seen;
    bool is_icmp = packet->protocol == 1 || packet->protocol == 58;

    return is_icmp && packet->seen >= 2 ? load_be16(message) : 0;
}

static void begin(struct eve_flows *f, struct eve_flow *flow, const struct burst *burst, uint32_t i)
{
    const struct frame *frame = &burst->frames[burst->place[i]];

    memset(flow, 0, f->stride);
    flow->key = burst->keys[i];
    flow->hash = burst->hashes[i];
    flow->start = flow->last = frame->time;
    flow->initiator_is_low = burst->from_low[i];
    read_vlan(frame, flow->vlan);
    flow->icmp = read_icmp(frame, &burst->packets[i]);
}

/* The table has begun a flow where this one was, or begun it anew: as flow_bucket_lookup does. */
static bool has_ended(const struct eve_flows *f, const struct eve_flow *flow,
                      const struct flow_key *key, uint64_t now, enum eve_reason *reason)
{
    bool expired = flow_time_later(now, flow->last) && now - flow->last > f->table->timeout;

    *reason = expired ? EVE_TIMEOUT : EVE_EVICTED;
    return expired || !flow_key_equal(&flow->key, key);
}

/* Which place in the table the packet's flow has. */
static uint64_t place_of(const struct eve_flows *f, const struct burst *burst, uint32_t i)
{
    uint64_t way = (uint64_t)(burst->flows[i] - burst->buckets[i]->flow);

    return (uint64_t)(burst->buckets[i] - f->table->buckets) * FLOW_WAYS + way;
}

static void count(struct eve_flows *f, const struct burst *burst, uint32_t i)
{
    uint64_t index = place_of(f, burst, i);
    struct eve_flow *flow = (struct eve_flow *)(void *)(f->flows + index * f->stride);
    const struct frame *frame = &burst->frames[burst->place[i]];
    uint32_t slot = burst->slot[burst->place[i]];
    enum eve_reason reason;

    if (f->now == 0 || flow_time_later(frame->time, f->now))
        f->now = frame->time;
    if (flow_key_version(&flow->key) == 0) {
        f->used[index / EVE_BLOCK] = 1;
        begin(f, flow, burst, i);
    } else if (has_ended(f, flow, &burst->keys[i], frame->time, &reason)) {
        tell_end(f, flow, place(f), reason, frame->time);
        begin(f, flow, burst, i);
    }
    uint32_t direction = flow->initiator_is_low != burst->from_low[i];
    flow->packets[direction]++;
    flow->bytes[direction] += frame->wire_length;
    if (flow_time_later(frame->time, flow->last))
        flow->last = frame->time;
    uint32_t *of_slot = &flow->slots[place_of_slot(f, slot)];
    *of_slot += *of_slot != UINT32_MAX;
    uint32_t previous = flow->slot;
    flow->slot = (uint8_t)slot;
    if (slot != previous)
        tell_verdict(f, flow, previous, &burst->verdicts[i], burst->action[burst->place[i]],
                     frame->time);
}

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct eve_flows *f = (struct eve_flows *)observer;
    uint64_t bytes = 0;

    /* As far away as the flow table, and asked for as it is: as a whole burst. */
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        const uint8_t *flow = f->flows + place_of(f, burst, i) * f->stride;

        __builtin_prefetch(flow, 1);
        __builtin_prefetch(flow + LINE, 1);
    }
    for (uint32_t i = 0; i < burst->count; i++)
        bytes += burst->frames[i].wire_length;
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        bytes -= burst->frames[burst->place[i]].wire_length;
        count(f, burst, i);
    }
    stats_add(&f->packets, burst->count - burst->ip_count);
    stats_add(&f->bytes, bytes);
}

static uint64_t rounded(uint64_t size, uint64_t to)
{
    return (size + to - 1) / to * to;
}

int eve_flows_new(struct eve_flows **out, const struct flow_table *table, uint32_t class_count,
                  bool waits, struct error *error)
{
    struct eve_flows *f = calloc(1, sizeof(*f));

    if (!f)
        return error_set(error, -ENOMEM, "no memory for --eve");
    f->observer.observe = observe;
    f->table = table;
    f->class_count = class_count;
    f->waits = waits;
    f->stride = rounded(sizeof(struct eve_flow) + slot_count(f) * sizeof(uint32_t), LINE);
    uint64_t record = rounded(offsetof(struct eve_record, flow) + f->stride, 8);
    f->ring = aligned_alloc(_Alignof(struct eve_ring),
                            rounded(sizeof(*f->ring) + EVE_RING_SIZE * record, LINE));
    f->flows_size = (uint64_t)table->bucket_count * FLOW_WAYS * f->stride;
    f->flows = mmap(NULL, f->flows_size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    f->used = calloc(f->flows_size / f->stride / EVE_BLOCK + 1, 1);
    if (!f->ring || !f->used || f->flows == MAP_FAILED) {
        eve_flows_free(f);
        return error_set(error, -ENOMEM, "no memory for --eve: fewer --flows need less");
    }
    memset(f->ring, 0, sizeof(*f->ring));
    f->ring->stride = record;
    *out = f;
    return 0;
}

void eve_flows_free(struct eve_flows *f)
{
    if (!f)
        return;
    if (f->flows && f->flows != MAP_FAILED)
        munmap(f->flows, f->flows_size);
    free(f->used);
    free(f->ring);
    free(f);
}

void eve_flows_end(struct eve_flows *f, unsigned wait_ms)
{
    uint64_t places = f->flows_size / f->stride;
    bool stuck = false;

    for (uint64_t i = 0; i < places; i++) {
        struct eve_flow *flow = (struct eve_flow *)(void *)(f->flows + i * f->stride);

        if (!f->used[i / EVE_BLOCK] || flow_key_version(&flow->key) == 0)
            continue;
        struct eve_record *record = eve_ring_place(f->ring);
        if (!record && !stuck)
            record = wait_for_room(f, wait_ms);
        stuck = !record;
        tell_end(f, flow, record, EVE_SHUTDOWN, f->now);
        memset(&flow->key, 0, sizeof(flow->key));
    }
}
