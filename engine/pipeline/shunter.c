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

static bool is_over(const struct packet *packet, const struct frame *frame)
{
    const uint8_t *end = frame->data + frame->length;

    return packet_tcp_flags(packet, end - packet->seen, end) & (TCP_FIN | TCP_RST);
}

/* A packet that came in before its flow was in the map, and is judged only now. */
static void count_overtaken(struct shunter *shunter, const struct shunt_run *run, uint64_t time)
{
    if (run->asked && shunter->kernel_clock &&
        time < __atomic_load_n(&run->begun, __ATOMIC_RELAXED))
        stats_add(&shunter->overtaken, 1);
}

static void take_turn(struct shunter *shunter, struct shunt_run *run, const struct burst *burst,
                      uint32_t i, enum shunt_turn turn)
{
    if (turn == SHUNT_ENDS) {
        order(shunter, run, &burst->keys[i], false);
        stats_add(&shunter->otherwise, 1);
        __atomic_store_n(&run->begun, 0, __ATOMIC_RELAXED);
    } else if (turn == SHUNT_BEGINS &&
               !is_over(&burst->packets[i], &burst->frames[burst->place[i]])) {
        run->asked = 1;
        order(shunter, run, &burst->keys[i], true);
    }
}

void shunter_see(struct shunter *shunter, const struct burst *burst, const struct policy *policy)
{
    for (uint32_t i = 0; i < burst->ip_count; i++) {
        uint32_t slot = burst->slot[burst->place[i]];
        uint32_t tag = flow_tag(burst->hashes[i]);
        struct shunt_run *run = &shunter->run[burst->hashes[i] % SHUNT_RUNS];
        bool sure = burst->verdicts[i].confidence >= policy->shunt_confidence;
        uint32_t after = sure ? policy->shunt_after[slot] : 0;

        if (after && run->tag == tag)
            count_overtaken(shunter, run, burst->frames[burst->place[i]].time);
        take_turn(shunter, run, burst, i,
                  shunt_run_see(run, tag, slot, after, burst->flows[i]->packets));
    }
}
