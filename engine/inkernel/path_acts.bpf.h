// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* block:SECONDS and shunt:N inside XDP: what workers do about them (accuser.h, shunter.h), the path
 * does itself, by the same rules.
 *
 *     addresses ─► blocked? ─► flow shunted? ─► features, verdict ─► path_learn
 *                                  ▲                                 │ offence, of a proven source
 *                                  └─── so many verdicts in a row ───┤
 *                  ▲                                                 ▼
 *                  └─ map of blocked hosts ◄─ the thread that blocks ◄─ ring
 *
 * A shunt begins and ends here. Who is blocked, and until when, one thread of user space decides
 * (blocks.h), as over AF_XDP: it knows our own addresses, and keeps the time. */
#ifndef AFXDP_PATH_ACTS_BPF_H
#define AFXDP_PATH_ACTS_BPF_H

#include "blocked.bpf.h"
#include "path_abi.h"
#include "proof.h"
#include "shunted.bpf.h"

/* Not made where nobody is blocked, nor the first two where nobody has to be proven. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PROOFS_SIZE);
    __type(key, __u32);
    __type(value, __u64);
} path_proofs SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1); /* possible CPUs × HANDSHAKES_SIZE */
    __type(key, __u32);
    __type(value, struct handshake);
} path_handshakes SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, PATH_OFFENCES);
} path_offences SEC(".maps");

/* Not made without shunts. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1); /* possible CPUs × SHUNT_RUNS */
    __type(key, __u32);
    __type(value, struct shunt_run);
} path_runs SEC(".maps");

ALWAYS_INLINE uint8_t path_tcp_flags(const struct xdp_md *context, const struct path_work *work)
{
    return packet_tcp_flags(&work->packet, path_transport(context, work),
                            (const uint8_t *)(long)context->data_end);
}

/* Whether the packet goes by. Its time is set. */
ALWAYS_INLINE bool path_goes_by(const struct xdp_md *context, struct path_cpu *cpu)
{
    struct path_work *work = &cpu->work;
    struct path_acts *acts = &cpu->acts;
    struct shunt *shunt = bpf_map_lookup_elem(&shunted_flows, &work->key);

    work->shunted = 0;
    if (!shunt)
        return false;
    bool finishes = path_tcp_flags(context, work) & (TCP_FIN | TCP_RST);
    enum shunt_answer answer =
        shunted_meet(&work->key, shunt, work->now, work->wire_length, finishes,
                     path_options.shunt_every, path_options.shunt_ns);
    acts->judged += answer == SHUNT_JUDGE;
    acts->finished += answer == SHUNT_FINISHED;
    acts->silent += answer == SHUNT_SILENT;
    work->shunted = answer == SHUNT_JUDGE;
    return answer == SHUNT_GOES;
}

/* Shunts the flow at hand. */
ALWAYS_INLINE void path_shunt(struct path_cpu *cpu)
{
    const struct path_work *work = &cpu->work;
    const struct shunt shunt = {
        .last = work->now, .judged = work->now, .left = path_options.shunt_every};

    if (bpf_map_update_elem(&shunted_flows, &work->key, &shunt, BPF_NOEXIST) == 0)
        cpu->acts.begun++;
    else
        cpu->acts.failed++;
}

/* A verdict for a packet of a flow, which is in the map or isn't. */
ALWAYS_INLINE void path_learn_shunt(const struct xdp_md *context, struct path_cpu *cpu,
                                    const struct path_policy *policy, uint64_t place)
{
    struct path_work *work = &cpu->work;
    uint32_t after =
        work->verdict.confidence >= policy->shunt_confidence ? policy->shunt_after[place] : 0;
    uint32_t index = bpf_get_smp_processor_id() * SHUNT_RUNS + (uint32_t)(work->hash % SHUNT_RUNS);

    if (work->shunted) {
        if (!after && bpf_map_delete_elem(&shunted_flows, &work->key) == 0)
            cpu->acts.otherwise++;
        return;
    }
    struct shunt_run *run = bpf_map_lookup_elem(&path_runs, &index);
    if (run &&
        shunt_run_see(run, flow_tag(work->hash), (uint32_t)place, after, work->flow_packets) ==
            SHUNT_BEGINS &&
        !(path_tcp_flags(context, work) & (TCP_FIN | TCP_RST)))
        path_shunt(cpu);
}

/* What a packet of TCP proves. */
ALWAYS_INLINE void path_prove(struct xdp_md *context, struct path_cpu *cpu)
{
    const struct path_work *work = &cpu->work;
    struct handshake_segment segment = {.tag = (uint32_t)(work->hash >> 32),
                                        .from_low = work->from_low != 0,
                                        .side = (uint8_t)path_port(context),
                                        .two_sides = path_options.ports > 1};
    uint32_t index =
        bpf_get_smp_processor_id() * HANDSHAKES_SIZE + (uint32_t)(work->hash % HANDSHAKES_SIZE);

    if (!handshake_read(&segment, path_transport(context, work),
                        (const uint8_t *)(long)context->data_end))
        return;
    struct handshake *flow = bpf_map_lookup_elem(&path_handshakes, &index);
    if (!flow || !handshake_see(flow, &segment))
        return;
    uint64_t host = proof_hash(&cpu->seed, &work->packet);
    uint32_t place = (uint32_t)(host % PROOFS_SIZE);
    volatile uint64_t *word = bpf_map_lookup_elem(&path_proofs, &place);
    if (word)
        *word = proof_word(host, work->now);
}

ALWAYS_INLINE bool path_is_proven(const struct path_cpu *cpu)
{
    uint64_t host = proof_hash(&cpu->seed, &cpu->work.packet);
    uint32_t place = (uint32_t)(host % PROOFS_SIZE);
    const volatile uint64_t *word = bpf_map_lookup_elem(&path_proofs, &place);

    return word && proof_holds(*word, host, cpu->work.now);
}

/* Tells the thread that blocks. */
ALWAYS_INLINE void path_accuse(struct path_cpu *cpu, uint32_t seconds)
{
    struct packet bare = {.source = {cpu->work.packet.source[0], cpu->work.packet.source[1]},
                          .version = cpu->work.packet.version};
    struct address_pair pair;

    if (path_options.proving && !path_is_proven(cpu)) {
        cpu->acts.unproven++;
        return;
    }
    tunnel_unmark(&bare);
    (void)address_pair_of(&pair, &bare);
    const struct offence offence = {
        .source = block_key_of(&pair.source), .time = cpu->work.now, .seconds = seconds};
    if (bpf_ringbuf_output(&path_offences, (void *)&offence, sizeof(offence), BPF_RB_NO_WAKEUP) !=
        0)
        cpu->acts.lost++;
}

/* What the path learns of a packet that has a verdict. */
ALWAYS_INLINE void path_learn(struct xdp_md *context, struct path_cpu *cpu,
                              const struct path_policy *policy, uint32_t slot)
{
    const struct path_work *work = &cpu->work;
    uint64_t place = index_below(slot, SLOTS, SLOT_UNSURE);

    if (path_options.blocks) {
        uint32_t seconds = policy->block_seconds[place];

        if (path_options.proving && work->packet.protocol == PROTOCOL_TCP)
            path_prove(context, cpu);
        if (seconds && work->features[FEATURE_DIRECTION])
            path_accuse(cpu, seconds);
    }
    if (path_options.shunts)
        path_learn_shunt(context, cpu, policy, place);
}

/* The same as a function of its own, which the verifier walks once and not once for each way to it.
 * Not for programs that make tail calls, nor for one with spliced code. */
__attribute__((noinline)) int acts_learn(struct xdp_md *context, uint32_t slot)
{
    if (!path_options.blocks && !path_options.shunts)
        return 0;
    struct path_cpu *cpu = path_cpu(context);
    if (!cpu)
        return 0; /* can't be: for the verifier */
    uint32_t generation = cpu->work.generation;
    const struct path_policy *policy = bpf_map_lookup_elem(&path_policies, &generation);
    if (policy)
        path_learn(context, cpu, policy, slot);
    return 0;
}

#endif
