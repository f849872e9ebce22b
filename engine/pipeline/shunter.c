// SPDX-License-Identifier: BSD-2-Clause
#include "shunter.h"

#include <errno.h>
#include <stdlib.h>

#include "packet_trace.h"
#include "pipeline.h"

int shunter_new(struct shunter **out, bool kernel_clock)
{
    struct shunter *shunter = calloc(1, sizeof(*shunter));

    if (!shunter)
        return -ENOMEM;
    shunter->kernel_clock = kernel_clock;
    int status = worker_ring_new(&shunter->ring);
    if (status != 0) {
        free(shunter);
        return status;
    }
    *out = shunter;
    return 0;
}

void shunter_free(struct shunter *shunter)
{
    if (!shunter)
        return;
    free(shunter->ring);
    free(shunter);
}

static void order(struct shunter *shunter, struct shunt_run *run, const struct flow_key *flow,
                  bool begins)
{
    const struct shunt_order what = {.flow = *flow, .run = run, .tag = run->tag, .begins = begins};

    worker_ring_put(shunter->ring, &what, sizeof(what));
}

static void end_run(struct shunter *shunter, struct shunt_run *run, const struct flow_key *flow)
{
    if (run->asked) {
        order(shunter, run, flow, false);
        stats_add(&shunter->otherwise, 1);
    }
    run->verdicts = 0;
    run->asked = 0;
    __atomic_store_n(&run->begun, 0, __ATOMIC_RELAXED);
}

static bool is_over(const struct packet *packet, const struct frame *frame)
{
    const uint8_t *end = frame->data + frame->length;

    return packet_tcp_flags(packet, end - packet->seen, end) & (TCP_FIN | TCP_RST);
}

/* A verdict that allows a shunt after `after` of them. */
static void add_to_run(struct shunter *shunter, struct shunt_run *run, const struct burst *burst,
                       uint32_t i, uint32_t slot, uint32_t after)
{
    const struct frame *frame = &burst->frames[burst->place[i]];
    uint64_t packets = burst->flows[i]->packets;

    if (run->slot != slot || run->verdicts >= packets) /* or the flow has begun anew */
        run->verdicts = 0;
    run->slot = (uint8_t)slot;
    if (run->asked && shunter->kernel_clock &&
        frame->time < __atomic_load_n(&run->begun, __ATOMIC_RELAXED))
        stats_add(&shunter->overtaken, 1);
    run->verdicts++;
    if (run->verdicts < after)
        return;
    run->verdicts = 0;
    if (is_over(&burst->packets[i], frame))
        return;
    run->asked = 1;
    order(shunter, run, &burst->keys[i], true);
}

void shunter_see(struct shunter *shunter, const struct burst *burst, const struct policy *policy)
{
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        uint32_t slot = burst->slot[burst->place[i]];
        uint32_t after = policy->shunt_after[slot];
        uint32_t tag = flow_tag(burst->hashes[i]);
        struct shunt_run *run = &shunter->run[burst->hashes[i] % SHUNT_RUNS];
        bool allows = after && burst->verdicts[i].confidence >= policy->shunt_confidence;

        if (run->tag != tag && allows)
            *run = (struct shunt_run){.tag = tag, .slot = (uint8_t)slot};
        if (allows)
            add_to_run(shunter, run, burst, i, slot, after);
        else if (run->tag == tag)
            end_run(shunter, run, &burst->keys[i]);
    }
}
