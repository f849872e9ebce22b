// SPDX-License-Identifier: BSD-2-Clause
#include "eve_flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "eve_flows_private.h"
#include "monotonic.h"

enum { LINE = 64, WAIT_FOREVER = 0 };

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

static enum eve_reason reason_of(const struct eve_flow *flow, enum eve_reason otherwise)
{
    if ((flow->flags[0] | flow->flags[1]) & TCP_RST)
        return EVE_RST;
    return flow->flags[0] & flow->flags[1] & TCP_FIN ? EVE_FIN : otherwise;
}

static void tell_end(struct eve_flows *f, const struct eve_flow *flow, struct eve_record *record,
                     enum eve_reason otherwise, uint64_t now)
{
    enum eve_reason reason = reason_of(flow, otherwise);

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

void eve_tell_verdict(struct eve_flows *f, const struct eve_flow *flow, uint32_t previous,
                      const struct eve_packet *p)
{
    struct eve_record *record = place(f);

    if (!record) {
        stats_add(&f->lost.events[EVE_VERDICT], 1);
        return;
    }
    *record = (struct eve_record){.time = p->time,
                                  .kind = EVE_VERDICT,
                                  .slot = p->slot,
                                  .previous = (uint8_t)previous,
                                  .action = p->action,
                                  .confidence = p->confidence};
    memcpy(&record->flow, flow, f->stride);
    eve_ring_publish(f->ring);
}

/* Where a packet comes from. Of a burst it is made anew where that is rare, so that for all else it
 * stays in registers. */
struct source {
    const struct eve_packet *packet; /* NULL: of a */
    const struct burst *burst;
    uint32_t i;
};

static struct eve_packet packet_of(const struct eve_flows *f, const struct source *source)
{
    return source->packet ? *source->packet
                          : eve_packet_of_burst(f, source->burst, source->i, f->watch != NULL);
}

static bool tell_host(struct eve_flows *f, const struct eve_flow *flow, uint64_t time,
                      const struct eve_host *host)
{
    struct eve_record *record = place(f);

    if (!record)
        return false;
    *record = (struct eve_record){.time = time, .kind = EVE_HOST, .host = *host};
    memcpy(&record->flow, flow, f->stride);
    eve_ring_publish(f->ring);
    return true;
}

static __attribute__((noinline)) void tell_hosts(struct eve_flows *f, const struct eve_flow *flow,
                                                 struct source source)
{
    const struct eve_packet p = packet_of(f, &source);

    for (uint32_t i = 0; i < HOST_FEATURES; i++) {
        const struct eve_host host = {p.hosts[i], host_window(f->watch->now),
                                      .feature = (uint8_t)i};

        if (eve_watch_is_due(f->watch, flow, i, host.value) && !tell_host(f, flow, p.time, &host))
            stats_add(&f->lost.events[EVE_HOST], 1);
    }
}

/* A window that finds no room is told of by the next packet. */
ALWAYS_INLINE void watch_hosts(struct eve_flows *f, const struct eve_flow *flow,
                               const struct eve_packet *p, struct source source)
{
    struct eve_watch *watch = f->watch;

    watch->now = host_time(watch->now, p->time);

    const struct eve_host none = {.window = host_window(watch->now), .feature = HOST_FEATURES};
    if (none.window != watch->window && tell_host(f, flow, p->time, &none))
        eve_watch_begin(watch, none.window);
    if (eve_watch_meets(watch, p->hosts))
        tell_hosts(f, flow, source);
}

void eve_flow_begin(const struct eve_flows *f, struct eve_flow *flow, const struct eve_packet *p)
{
    memset(flow, 0, f->stride);
    flow->key = *p->key;
    flow->start = flow->last = p->time;
    flow->initiator_is_low = p->from_low;
    memcpy(flow->vlan, p->vlan, sizeof(flow->vlan));
    flow->icmp = p->icmp;
    flow->queue = p->queue;
}

void eve_flow_read_frame(struct eve_flow *flow, const struct burst *burst, uint32_t i)
{
    const struct packet *packet = &burst->packets[i];
    const struct frame *frame = &burst->frames[burst->place[i]];
    const uint8_t *end = frame->data + frame->length;

    if (frame->link == LINK_ETHERNET)
        packet_vlans(frame->data, end, flow->vlan);
    flow->icmp = packet_icmp(packet, end - packet->seen, end);
}

/* The table has begun anew a flow that was here: as flow_bucket_lookup does. */
ALWAYS_INLINE bool has_expired(const struct eve_flows *f, const struct eve_flow *flow,
                               uint64_t time)
{
    return flow_time_later(time, flow->last) && time - flow->last > f->timeout;
}

static __attribute__((noinline)) void take_place(struct eve_flows *f, struct eve_flow *flow,
                                                 struct source source)
{
    const struct eve_packet p = packet_of(f, &source);
    uint64_t number = (uint64_t)((uint8_t *)flow - f->flows) / f->stride;
    bool expired = has_expired(f, flow, p.time);

    if (f->tells_flows && flow_key_version(&flow->key) != 0)
        tell_end(f, flow, place(f), expired ? EVE_TIMEOUT : EVE_EVICTED, p.time);
    f->used[number / EVE_BLOCK] = 1;
    eve_flow_begin(f, flow, &p);
    if (source.burst)
        eve_flow_read_frame(flow, source.burst, source.i);
}

static __attribute__((noinline)) void change_slot(struct eve_flows *f, struct eve_flow *flow,
                                                  struct source source)
{
    const struct eve_packet p = packet_of(f, &source);
    uint32_t previous = flow->slot;

    flow->slot = p.slot;
    if (f->tells_verdicts)
        eve_tell_verdict(f, flow, previous, &p);
}

/* `begins`: the table has begun the flow with this packet. `watches`: a constant, so that who asks
 * for no hosts has nothing of it. */
ALWAYS_INLINE void count(struct eve_flows *f, struct eve_flow *flow, const struct eve_packet *p,
                         struct source source, bool begins, bool watches)
{
    if (begins)
        take_place(f, flow, source);
    uint32_t direction = flow->initiator_is_low != p->from_low;
    flow->packets[direction]++;
    flow->bytes[direction] += p->wire_length;
    flow->flags[direction] |= p->flags;
    if (flow_time_later(p->time, flow->last))
        flow->last = p->time;
    uint32_t *of_slot = &flow->slots[place_of_slot(f, p->slot)];
    *of_slot += *of_slot != UINT32_MAX;
    if (p->slot != flow->slot)
        change_slot(f, flow, source);
    if (watches && p->hosts)
        watch_hosts(f, flow, p, source);
}

ALWAYS_INLINE uint64_t later_of(uint64_t now, uint64_t time)
{
    return now == 0 || flow_time_later(time, now) ? time : now;
}

/* A place that never had a flow has no key. The queue is that of the last packet. */
void eve_flows_count(struct eve_flows *f, const struct eve_packet *packet)
{
    struct eve_flow *flow = eve_flow_at(f, packet->place);
    bool begins = !flow_key_equal(&flow->key, packet->key) || has_expired(f, flow, packet->time);

    f->now = later_of(f->now, packet->time);
    count(f, flow, packet, (struct source){.packet = packet}, begins, true);
    flow->queue = packet->queue;
}

void eve_flows_count_none(struct eve_flows *f, uint32_t wire_length)
{
    stats_add(&f->packets, 1);
    stats_add(&f->bytes, wire_length);
}

bool eve_flows_have_room(struct eve_flows *f)
{
    return eve_ring_room(f->ring) >= EVE_RECORDS_OF_PACKET;
}

ALWAYS_INLINE void count_burst(struct eve_flows *f, const struct burst *burst, bool watches)
{
    const uint32_t ip_count = burst->ip_count;
    uint64_t now = f->now;
    struct eve_flow *flows[BURST_MAX];

    /* As far away as the flow table, and asked for as it is: as a whole burst. */
    for (uint32_t i = 0; i < ip_count; i++) {
        flows[i] = eve_flow_at(f, burst_flow_place(burst, f->buckets, i));
        eve_flow_prefetch(flows[i]);
    }
    for (uint32_t i = 0; i < ip_count; i++) {
        const struct eve_packet p = eve_packet_of_burst(f, burst, i, watches);

        now = later_of(now, p.time);
        count(f, flows[i], &p, (struct source){.burst = burst, .i = i}, burst_begins_flow(burst, i),
              watches);
    }
    f->now = now;
}

static void count_others(struct eve_flows *f, const struct burst *burst)
{
    uint64_t bytes = 0;

    if (burst->count == burst->ip_count)
        return;
    for (uint32_t i = 0, ip = 0; i < burst->count; i++) {
        bool is_ip = ip < burst->ip_count && burst->place[ip] == i;

        bytes += is_ip ? 0 : burst->frames[i].wire_length;
        ip += is_ip;
    }
    stats_add(&f->packets, burst->count - burst->ip_count);
    stats_add(&f->bytes, bytes);
}

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct eve_flows *f = (struct eve_flows *)observer;

    count_burst(f, burst, false);
    count_others(f, burst);
}

static void observe_hosts(struct burst_observer *observer, const struct burst *burst)
{
    struct eve_flows *f = (struct eve_flows *)observer;

    count_burst(f, burst, burst->feature_count == FEATURES_2);
    count_others(f, burst);
}

static uint64_t rounded(uint64_t size, uint64_t to)
{
    return (size + to - 1) / to * to;
}

size_t eve_flow_bytes(uint32_t class_count)
{
    uint32_t slots = class_count + 1;

    return rounded(sizeof(struct eve_flow) + slots * sizeof(uint32_t), LINE);
}

int eve_flows_new(struct eve_flows **out, const struct eve_flows_options *options,
                  struct error *error)
{
    const struct flow_table *table = options->table;
    struct eve_flows *f = calloc(1, sizeof(*f));

    if (!f)
        return error_set(error, -ENOMEM, "no memory for --eve");
    f->buckets = table ? table->buckets : NULL;
    f->timeout = table ? table->timeout : options->timeout;
    f->class_count = options->class_count;
    f->queue = options->queue;
    f->waits = options->waits;
    f->tells_flows = options->tells_flows;
    f->tells_verdicts = options->tells_verdicts;
    f->places = table ? flow_table_capacity(table) : options->places;
    f->stride = eve_flow_bytes(f->class_count);
    uint64_t record = rounded(offsetof(struct eve_record, flow) + f->stride, 8);
    f->ring = aligned_alloc(_Alignof(struct eve_ring),
                            rounded(sizeof(*f->ring) + EVE_RING_SIZE * record, LINE));
    int mapped = table_memory_map(&f->memory, f->places * f->stride, !f->waits);
    f->flows = f->memory.start;
    f->used = calloc(f->places / EVE_BLOCK + 1, 1);
    bool watches = host_thresholds_any(&options->thresholds);
    if (watches)
        f->watch = eve_watch_new(&options->thresholds);
    bool changes = table && !watches && !f->tells_flows;
    if (changes)
        f->changes = eve_changes_new(&table->seed);
    f->observer.observe = watches ? observe_hosts : changes ? eve_changes_observe : observe;
    if (!f->ring || !f->used || mapped != 0 || (watches && !f->watch) || (changes && !f->changes)) {
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
    table_memory_unmap(&f->memory);
    free(f->watch);
    free(f->changes);
    free(f->used);
    free(f->ring);
    free(f);
}

void eve_flows_end(struct eve_flows *f, unsigned wait_ms)
{
    bool stuck = false;

    if (!f->tells_flows)
        return;
    for (uint64_t i = 0; i < f->places; i++) {
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
