// SPDX-License-Identifier: BSD-2-Clause
/* Changes of verdicts, where no account of each packet is asked for. Nearly all packets are of the
 * first class and of flows whose last packet was, too; they are told from all others by a table
 * that stays in the cache, and of the flow nothing is read. */
#include <stdlib.h>

#include "eve_flows_private.h"

enum { CELLS = 1 << 12 };

struct eve_changes {
    struct flow_seed seed;  /* the flow table's */
    uint16_t others[CELLS]; /* by hash: how many flows' last packet was in another slot than 0; a
                               full one stays full */
};

struct eve_changes *eve_changes_new(const struct flow_seed *seed)
{
    struct eve_changes *changes = calloc(1, sizeof(*changes));

    if (changes)
        changes->seed = *seed;
    return changes;
}

ALWAYS_INLINE uint16_t *cell_of(struct eve_changes *changes, uint64_t hash)
{
    return &changes->others[hash % CELLS];
}

static void move_slot(struct eve_changes *changes, uint64_t hash, uint32_t from, uint32_t to)
{
    uint16_t *cell = cell_of(changes, hash);

    if (*cell != UINT16_MAX)
        *cell = (uint16_t)(*cell + (to != 0) - (from != 0));
}

/* Of the flow of packet i, so far. */
static uint64_t packets_of(const struct burst *burst, uint32_t i)
{
    uint64_t later = 0;

    for (uint32_t k = i + 1; k < burst->ip_count; k++) {
        if (burst->flows[k] != burst->flows[i])
            continue;
        if (burst_begins_flow(burst, k))
            return burst->replaced[k] - later;
        later++;
    }
    return burst->flows[i]->packets - later;
}

static void begin(struct eve_flows *f, struct eve_flow *flow, const struct burst *burst, uint32_t i)
{
    const struct eve_packet p = eve_packet_of_burst(f, burst, i, false);

    if (flow->slot != 0)
        move_slot(f->changes, flow_hash(&f->changes->seed, &flow->key), flow->slot, 0);
    eve_flow_begin(f, flow, &p);
    eve_flow_read_frame(flow, burst, i);
}

static void change(struct eve_flows *f, struct eve_flow *flow, const struct burst *burst,
                   uint32_t i)
{
    const struct eve_packet p = eve_packet_of_burst(f, burst, i, false);
    uint32_t previous = flow->slot;

    flow->packets[0] = packets_of(burst, i);
    flow->slot = p.slot;
    move_slot(f->changes, burst->hashes[i], previous, p.slot);
    eve_tell_verdict(f, flow, previous, &p);
}

/* Those behind packet i that are of its flow, or take its place. */
static uint64_t others_of_flow(const struct burst *burst, uint32_t i)
{
    uint64_t others = 0;

    for (uint32_t k = i + 1; k < burst->ip_count; k++)
        others |= (uint64_t)(burst->flows[k] == burst->flows[i]) << k;
    return others;
}

void eve_changes_observe(struct burst_observer *observer, const struct burst *burst)
{
    struct eve_flows *f = (struct eve_flows *)observer;
    uint64_t to_see = burst->begun;

    for (uint32_t i = 0; i < burst->ip_count; i++) {
        bool other = burst->slot[burst->place[i]] | *cell_of(f->changes, burst->hashes[i]);

        to_see |= (uint64_t)other << i;
    }
    for (uint64_t left = to_see; left; left &= left - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(left);

        eve_flow_prefetch(eve_flow_at(f, burst_flow_place(burst, f->buckets, i)));
    }
    for (; to_see; to_see &= to_see - 1) {
        uint32_t i = (uint32_t)__builtin_ctzll(to_see);
        struct eve_flow *flow = eve_flow_at(f, burst_flow_place(burst, f->buckets, i));

        if (burst_begins_flow(burst, i))
            begin(f, flow, burst, i);
        if (burst->slot[burst->place[i]] != flow->slot) {
            change(f, flow, burst, i);
            to_see |= others_of_flow(burst, i);
        }
    }
}
