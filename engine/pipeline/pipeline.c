// SPDX-License-Identifier: BSD-2-Clause
#include "pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "flow_pass.h"
#include "host_features.h"
#include "host_pass.h"
#include "link_layer.h"
#include "link_tunnel.h"

struct pipeline *pipeline_new(void)
{
    struct pipeline *pipeline = aligned_alloc(_Alignof(struct pipeline), sizeof(*pipeline));

    if (pipeline)
        memset(pipeline, 0, sizeof(*pipeline));
    return pipeline;
}

/* `tunnels`: what is opened, so that the innermost packets count; NULL: nothing. */
ALWAYS_INLINE void parse(struct burst *burst, const struct tunnel_options *tunnels)
{
    uint32_t ip = 0;

    /* No byte of a frame is in this core's caches yet: 4 to 8 ns less per packet, in all. */
    for (uint32_t i = 0; i < burst->count; i++)
        __builtin_prefetch(burst->frames[i].data);
    for (uint32_t i = 0; i < burst->count; i++) {
        const struct frame *frame = &burst->frames[i];
        struct packet *packet = &burst->packets[ip];
        enum packet_kind kind =
            tunnels ? link_parse_tunnels(frame, tunnels, packet) : link_parse(frame, packet);

        burst->slot[i] = kind == PACKET_OTHER ? SLOT_OTHER : SLOT_MALFORMED;
        if (kind == PACKET_IP)
            burst->place[ip++] = (uint8_t)i;
    }
    burst->ip_count = ip;
}

static void parse_tunnels(struct burst *burst, const struct tunnel_options *tunnels)
{
    parse(burst, tunnels);
}

/* Which bucket each packet's flow is in, or will be. A table of a million flows is in no cache:
 * buckets, then the flows in them, are asked for as a whole burst, so that the waits overlap. */
ALWAYS_INLINE void hash_flows(struct burst *burst, const struct flow_table *table)
{
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        burst->from_low[i] = flow_key_of(&burst->packets[i], &burst->keys[i]);
        burst->hashes[i] = flow_hash(&table->seed, &burst->keys[i]);
        burst->buckets[i] = flow_table_bucket(table, burst->hashes[i]);
        __builtin_prefetch(burst->buckets[i], 1);
    }
}

ALWAYS_INLINE void find_flows(struct burst *burst, const struct flow_table *table)
{
    for (uint32_t i = 0; i < burst->ip_count; i++)
        burst->ways[i] =
            (uint8_t)flow_bucket_expect(burst->buckets[i], burst->hashes[i],
                                        burst->frames[burst->place[i]].time, table->timeout);
    if (__builtin_expect(table->read_ahead, 0)) { /* where it isn't done, it costs nothing so */
        uint64_t read = 0;

        for (uint32_t i = 0; i < burst->ip_count; i++)
            read |= flow_bucket_read(burst->buckets[i], burst->ways[i]);
        OPAQUE(read);
    }
}

/* In order, for packets of one flow in one burst must see each other. Inline: as a function of its
 * own it costs a packet with a model 0.6 ns more (Zen 5). */
ALWAYS_INLINE void update_flows(struct burst *burst, const struct flow_table *table,
                                struct stats *stats)
{
    struct flow_pass pass = {0};
    bool begins;

    burst->feature_count = FEATURES_1;
    for (uint32_t i = 0; i < burst->ip_count; i++)
        (void)flow_pass_count(&pass, burst, table, i, &burst->features[i * FEATURES_1], &begins);
    flow_pass_end(&pass, burst, stats);
}

/* Which cells the packets' hosts have: asked for as a whole burst, for they are as far away as the
 * flows. What begins a flow is looked up by its hash, the others' numbers stand in their flows. */
ALWAYS_INLINE void find_hosts(struct burst *burst, const struct host_tables *hosts)
{
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        const struct flow *flow = &burst->buckets[i]->flow[burst->ways[i]];
        struct host_numbers numbers;

        burst->begins[i] = !flow_key_equal(&flow->key, &burst->keys[i]);
        if (burst->begins[i]) {
            burst->hosts[i] = host_identify(&hosts->seed, &burst->keys[i], burst->from_low[i]);
            numbers = burst->hosts[i].numbers;
        } else {
            numbers = flow_cells(flow);
        }
        for (uint32_t row = 0; row < hosts->rows; row++)
            host_tables_prefetch(hosts, &numbers, row);
    }
}

ALWAYS_INLINE void classify(struct burst *burst, const struct classifier *classifier)
{
    if (classifier) {
        classifier->classify(classifier->model, burst->features, burst->ip_count, burst->verdicts);
        return;
    }
    for (uint32_t i = 0; i < burst->ip_count; i++)
        burst->verdicts[i] = (struct verdict){0, CONFIDENCE_MAX};
}

/* What is within its limit goes on: how many packets. In order, for each takes one of a bounded
 * number. Not in line, or engines that limit nothing would be slower, too. */
__attribute__((noinline)) static uint32_t
apply_limits(struct burst *burst, const struct policy *policy, struct limits *limits)
{
    uint32_t within = 0;

    for (uint32_t i = 0; i < burst->ip_count; i++) {
        uint32_t at = burst->place[i];
        uint32_t slot = burst->slot[at];

        if (burst->action[at] == ACTION_LIMIT &&
            limits_take(limits, &burst->packets[i], slot, burst->frames[at].time,
                        policy->limit[slot])) {
            burst->action[at] = ACTION_COUNT;
            within++;
        }
    }
    return within;
}

ALWAYS_INLINE void apply_policy(struct burst *burst, const struct policy *policy,
                                struct limits *limits, struct stats *stats)
{
    uint32_t of_action[ACTIONS_PLAIN] = {0};
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < burst->ip_count; i++)
        burst->slot[burst->place[i]] = (uint8_t)policy_slot(policy, &burst->verdicts[i]);
    for (uint32_t i = 0; i < burst->count; i++) {
        burst->action[i] = policy->action[burst->slot[i]];
        stats_add(&stats->slots[burst->slot[i]], 1);
        bytes += burst->frames[i].wire_length;
    }
    for (uint32_t i = 0; i < burst->count; i++) {
        for (uint32_t action = 0; action < ACTIONS_PLAIN; action++)
            of_action[action] += burst->action[i] == action;
    }
    uint32_t limited = burst->count;
    for (uint32_t action = 0; action < ACTIONS_PLAIN; action++)
        limited -= of_action[action];
    if (limited > 0 && limits) {
        uint32_t within = apply_limits(burst, policy, limits);

        of_action[ACTION_COUNT] += within;
        limited -= within;
    }
    for (uint32_t action = 0; action < ACTIONS_PLAIN; action++)
        stats_add(&stats->actions[action], of_action[action]);
    stats_add(&stats->actions[ACTION_LIMIT], limited);
    burst->limit_count = limited;
    burst->drop_count = of_action[ACTION_DROP] + limited;
    stats_add(&stats->packets, burst->count);
    stats_add(&stats->bytes, bytes);
}

/* Gives `count` frames to the out port, and back to the in port what it doesn't take. */
static void forward(const struct frame *frames, uint32_t count, const struct route *route)
{
    uint32_t sent = route->out->operations->send(route->out, frames, count);

    stats_add(&route->stats->endings[ENDING_FORWARDED], sent);
    stats_add(&route->stats->failures[FAILURE_TX_FULL], count - sent);
    route->out->operations->flush(route->out);
    if (sent < count)
        route->in->operations->release(route->in, frames + sent, count - sent);
}

/* Some are dropped and some go out. */
static void sort_out(struct burst *burst, const struct route *route)
{
    uint32_t outgoing = 0;
    uint32_t dropped = 0;

    for (uint32_t i = 0; i < burst->count; i++) {
        if (burst->action[i] >= ACTION_DROP)
            burst->dropped[dropped++] = burst->frames[i];
        else
            burst->outgoing[outgoing++] = burst->frames[i];
    }
    forward(burst->outgoing, outgoing, route);
    route->in->operations->release(route->in, burst->dropped, dropped);
}

/* Every frame is given away here, by exactly one of send and release. */
ALWAYS_INLINE void give_away(struct burst *burst, const struct route *route)
{
    struct stats *stats = route->stats;

    stats_add(&stats->endings[ENDING_DROPPED], burst->drop_count - burst->limit_count);
    stats_add(&stats->endings[ENDING_LIMITED], burst->limit_count);
    if (!route->out)
        stats_add(&stats->endings[ENDING_CONSUMED], burst->count - burst->drop_count);
    if (!route->out || burst->drop_count == burst->count)
        route->in->operations->release(route->in, burst->frames, burst->count);
    else if (burst->drop_count == 0)
        forward(burst->frames, burst->count, route);
    else
        sort_out(burst, route);
    route->in->operations->flush(route->in);
}

/* `watch` is a constant: NULL costs nothing. */
ALWAYS_INLINE int take_burst(struct pipeline *pipeline, const struct route *route,
                             pipeline_watch *watch, void *context)
{
#define DONE(step) (watch ? watch(context, PIPELINE_##step) : (void)0)
    struct burst *burst = &pipeline->burst;
    int received = route->in->operations->receive(route->in, burst->frames, BURST_MAX);

    if (received <= 0)
        return received;
    burst->count = (uint32_t)received;
    burst->side = route->side;
    DONE(RECEIVE);

    if (tunnel_options_look(&pipeline->tunnels))
        parse_tunnels(burst, &pipeline->tunnels);
    else
        parse(burst, NULL);
    DONE(PARSE);
    hash_flows(burst, pipeline->table);
    DONE(HASH);
    find_flows(burst, pipeline->table);
    if (pipeline->hosts)
        find_hosts(burst, pipeline->hosts);
    DONE(FIND);
    if (pipeline->hosts)
        pipeline->hosts->pass->update(pipeline, route->stats);
    else
        update_flows(burst, pipeline->table, route->stats);
    DONE(UPDATE);
    classify(burst, pipeline->classifier);
    DONE(CLASSIFY);
    apply_policy(burst, pipeline->policy, pipeline->limits, route->stats);
    for (struct burst_observer *o = pipeline->observer; o; o = o->next)
        o->observe(o, burst);
    if (pipeline->accuser)
        accuser_see(pipeline->accuser, burst, pipeline->policy, route->side);
    if (pipeline->shunter)
        shunter_see(pipeline->shunter, burst, pipeline->policy);
    DONE(POLICY);
    give_away(burst, route);
    DONE(GIVE_AWAY);
    return received;
#undef DONE
}

int pipeline_run(struct pipeline *pipeline, const struct route *route)
{
    return take_burst(pipeline, route, NULL, NULL);
}

int pipeline_run_watched(struct pipeline *pipeline, const struct route *route,
                         pipeline_watch *watch, void *context)
{
    return take_burst(pipeline, route, watch, context);
}
