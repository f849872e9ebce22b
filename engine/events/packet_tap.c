// SPDX-License-Identifier: BSD-2-Clause
#include "packet_tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "flow_id.h"

static struct packet_flow *flow_of(const struct packet_tap *tap, const struct burst *burst,
                                   uint32_t ip)
{
    return &tap->flows[burst_flow_place(burst, tap->buckets, ip)];
}

/* As flow_bucket_lookup, which has begun a flow there or gone on with one. */
static void follow(const struct packet_tap *tap, struct packet_flow *flow, uint64_t hash,
                   uint64_t now)
{
    hash |= hash == 0;
    bool expired = flow_time_later(now, flow->last) && now - flow->last > tap->timeout;
    if (flow->hash != hash || expired)
        *flow = (struct packet_flow){.hash = hash, .start = now, .last = now};
    else if (flow_time_later(now, flow->last))
        flow->last = now;
}

static struct packet_record *place(const struct packet_tap *tap, uint32_t captured)
{
    const struct timespec pause = {.tv_nsec = 100000};
    struct packet_record *record;

    while (!(record = packet_ring_place(tap->ring, captured)) && tap->waits) {
        packet_ring_publish(tap->ring);
        nanosleep(&pause, NULL);
    }
    return record;
}

/* `ip`: the packet's place among those that are IP; -1: it isn't. */
static bool copy(const struct packet_tap *tap, const struct burst *burst, uint32_t i, int ip)
{
    const struct frame *frame = &burst->frames[i];
    uint32_t captured = frame->length < tap->snaplen ? frame->length : tap->snaplen;
    struct packet_record *record = place(tap, captured);

    if (!record)
        return false;
    record->wire_length = frame->wire_length;
    record->time = frame->time;
    record->slot = burst->slot[i];
    record->action = burst->action[i];
    record->interface = (uint16_t)(frame->interface + burst->side);
    record->link = (uint8_t)frame->link;
    record->classified = ip >= 0;
    if (ip >= 0) {
        record->confidence = burst->verdicts[ip].confidence;
        record->flow_id =
            flow_id(&tap->seed, &burst->keys[ip], flow_of(tap, burst, (uint32_t)ip)->start);
    }
    memcpy(record->data, frame->data, captured);
    return true;
}

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct packet_tap *tap = (struct packet_tap *)observer;
    uint64_t matched = 0, lost = 0;
    uint32_t ip = 0;

    for (uint32_t i = 0; i < burst->ip_count; i++)
        __builtin_prefetch(flow_of(tap, burst, i), 1);
    for (uint32_t i = 0; i < burst->count; i++) {
        bool is_ip = ip < burst->ip_count && burst->place[ip] == i;

        if (is_ip)
            follow(tap, flow_of(tap, burst, ip), burst->hashes[ip], burst->frames[i].time);
        if (tap->rule.slot[burst->slot[i]] && tap->rule.action[burst->action[i]]) {
            matched++;
            lost += !copy(tap, burst, i, is_ip ? (int)ip : -1);
        }
        ip += is_ip;
    }
    packet_ring_publish(tap->ring);
    stats_add(&tap->matched, matched);
    stats_add(&tap->lost, lost);
}

int packet_tap_new(struct packet_tap **out, const struct packet_tap_options *options,
                   struct error *error)
{
    const struct flow_table *table = options->table;
    struct packet_tap *tap = calloc(1, sizeof(*tap));

    if (!tap)
        return error_set(error, -ENOMEM, "no memory for --write");
    tap->observer.observe = observe;
    tap->buckets = table->buckets;
    tap->timeout = table->timeout;
    flow_seed_make(&tap->seed, 0);
    tap->rule = *options->rule;
    tap->snaplen = options->snaplen;
    tap->waits = options->waits;
    tap->flows_size = (size_t)table->bucket_count * FLOW_WAYS * sizeof(*tap->flows);
    tap->flows = mmap(NULL, tap->flows_size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    tap->ring = aligned_alloc(_Alignof(struct packet_ring), sizeof(*tap->ring));
    if (tap->flows == MAP_FAILED || !tap->ring) {
        packet_tap_free(tap);
        return error_set(error, -ENOMEM, "no memory for --write: fewer --flows need less");
    }
    memset(tap->ring, 0, sizeof(*tap->ring));
    *out = tap;
    return 0;
}

void packet_tap_free(struct packet_tap *tap)
{
    if (!tap)
        return;
    if (tap->flows && tap->flows != MAP_FAILED)
        munmap(tap->flows, tap->flows_size);
    free(tap->ring);
    free(tap);
}
