// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The end of a packet's way inside XDP: its action, where it goes, what is counted and told. */
#ifndef AFXDP_PATH_END_BPF_H
#define AFXDP_PATH_END_BPF_H

#include "path_acts.bpf.h"
#include "path_limits.bpf.h"
#include "path_records.bpf.h"

/* Sends the packet where packets go; the way it ended, where it wasn't as wished, is counted. What
 * isn't IP is for the host of a single port, also of one that sends all else back. */
ALWAYS_INLINE int path_send(struct xdp_md *context, struct stats *stats, uint32_t slot)
{
    if (path_options.out == PATH_OUT_STACK ||
        (path_options.out == PATH_OUT_BACK && slot == SLOT_OTHER)) {
        stats->endings[ENDING_PASSED]++;
        return XDP_PASS;
    }
    if (path_options.out == PATH_OUT_PORT) {
        if (bpf_redirect_map(&path_ports, path_port(context), XDP_DROP) != XDP_REDIRECT) {
            stats->failures[FAILURE_NO_PORT]++;
            return XDP_DROP;
        }
    }
    stats->endings[ENDING_FORWARDED]++;
    return path_options.out == PATH_OUT_PORT ? XDP_REDIRECT : XDP_TX;
}

/* Counts the packet and carries its action out. `apart`: see path_features. */
ALWAYS_INLINE int path_apply(struct xdp_md *context, struct path_cpu *cpu,
                             const struct path_policy *policy, uint32_t slot, bool apart)
{
    struct stats *stats = &cpu->stats;
    uint64_t place = index_below(slot, SLOTS, SLOT_UNSURE);
    uint32_t action = policy->action[place];

    if (path_options.limits && action == ACTION_LIMIT &&
        (apart ? limits_ask(context, slot, policy->limit[place]) != 0
               : path_is_within(&cpu->work, slot, policy->limit[place])))
        action = ACTION_COUNT;
    stats->packets++;
    stats->bytes += cpu->work.wire_length;
    stats->slots[place]++;
    stats->actions[index_below(action, ACTIONS, ACTION_COUNT)]++;
    if (path_options.records)
        path_record(context, cpu, slot, action);
    if (action < ACTION_DROP)
        return path_send(context, stats, slot);
    stats->endings[path_options.limits && action == ACTION_LIMIT ? ENDING_LIMITED
                                                                 : ENDING_DROPPED]++;
    return XDP_DROP;
}

/* The end of a packet's way: from a verdict, or from the slot of what wasn't classified. */
ALWAYS_INLINE int path_end(struct xdp_md *context, struct path_cpu *cpu, enum path_next next,
                           bool apart)
{
    struct path_work *work = &cpu->work;
    uint32_t generation = work->generation;
    const struct path_policy *policy = bpf_map_lookup_elem(&path_policies, &generation);

    if (!policy)
        return XDP_ABORTED; /* can't be: for the verifier */
    if (next == PATH_CLASSIFY) {
        work->slot = work->verdict.confidence < policy->min_confidence ? SLOT_UNSURE
                                                                       : work->verdict.class_index;
        if (path_options.blocks || path_options.shunts) {
            if (apart)
                (void)acts_learn(context, work->slot);
            else
                path_learn(context, cpu, policy, work->slot);
        }
    }
    return path_apply(context, cpu, policy, work->slot, apart);
}

/* For packets that aren't touched: they cross or go to the host, and are counted for what they are.
 */
ALWAYS_INLINE int path_leave_alone(struct xdp_md *context, struct path_cpu *cpu,
                                   enum path_next next)
{
    struct path_left *left = &cpu->left;

    if (next == PATH_DENIED) {
        left->denied++;
        return XDP_DROP;
    }
    if (next == PATH_BLOCKED) {
        left->blocked++;
        return XDP_DROP;
    }
    if (next == PATH_UNSERVED && path_options.fail_closed) {
        left->closed++;
        return XDP_DROP;
    }
    if (path_options.out == PATH_OUT_PORT &&
        bpf_redirect_map(&path_ports, path_port(context), XDP_DROP) != XDP_REDIRECT) {
        left->uncrossed++;
        return XDP_DROP;
    }
    if (next == PATH_UNSERVED)
        left->uncovered++;
    else if (next == PATH_ALLOWED)
        left->allowed++;
    else if (next == PATH_BYPASS)
        left->bypassed++;
    else {
        left->shunted++;
        left->shunted_bytes += cpu->work.wire_length;
    }
    return path_options.out == PATH_OUT_PORT ? XDP_REDIRECT : XDP_PASS;
}

#endif
