// SPDX-License-Identifier: BSD-2-Clause
#include "packet_tap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "flow_id.h"

static uint64_t *start_of(const struct packet_tap *tap, const struct burst *burst, uint32_t ip)
{
    return &tap->starts[burst_flow_place(burst, tap->buckets, ip)];
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
            flow_id(&tap->seed, &burst->keys[ip], *start_of(tap, burst, (uint32_t)ip));
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
        __builtin_prefetch(start_of(tap, burst, i), 1);
    for (uint32_t i = 0; i < burst->count; i++) {
        bool is_ip = ip < burst->ip_count && burst->place[ip] == i;

        if (is_ip && burst_begins_flow(burst, ip))
            *start_of(tap, burst, ip) = burst->frames[i].time;
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
    flow_seed_make(&tap->seed, 0);
    tap->rule = *options->rule;
    tap->snaplen = options->snaplen;
    tap->waits = options->waits;
    tap->starts_size = flow_table_capacity(table) * sizeof(*tap->starts);
    tap->starts = mmap(NULL, tap->starts_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    tap->ring = aligned_alloc(_Alignof(struct packet_ring), sizeof(*tap->ring));
    if (tap->starts == MAP_FAILED || !tap->ring) {
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
    if (tap->starts && tap->starts != MAP_FAILED)
        munmap(tap->starts, tap->starts_size);
    free(tap->ring);
    free(tap);
}
