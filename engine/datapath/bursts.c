// SPDX-License-Identifier: BSD-2-Clause
#include "bursts.h"

#include <stddef.h>

/* Frames go through as they are. */
#define SAME(ours, theirs)                                                                         \
    _Static_assert(offsetof(struct afxdp_frame, ours) == offsetof(struct frame, theirs),           \
                   "frames are handed on as they are")
SAME(data, data);
SAME(length, length);
SAME(wire_length, wire_length);
SAME(time, time);
SAME(handle, handle);
SAME(reserved, buffers);
SAME(interface, interface);
SAME(link, link);
_Static_assert(sizeof(struct afxdp_frame) == sizeof(struct frame), "and in arrays too");
_Static_assert((int)AFXDP_LINK_ETHERNET == (int)LINK_ETHERNET &&
                   (int)AFXDP_LINK_IP == (int)LINK_RAW_IP,
               "so are their links");
_Static_assert((int)AFXDP_COUNT == (int)ACTION_COUNT && (int)AFXDP_FORWARD == (int)ACTION_FORWARD &&
                   (int)AFXDP_DROP == (int)ACTION_DROP && (int)AFXDP_LIMIT == (int)ACTION_LIMIT,
               "actions have the same numbers");

static uint8_t outcome_of(uint8_t slot)
{
    switch (slot) {
    case SLOT_UNSURE:
        return AFXDP_UNSURE;
    case SLOT_OTHER:
        return AFXDP_OTHER;
    case SLOT_MALFORMED:
        return AFXDP_MALFORMED;
    default:
        return AFXDP_CLASSIFIED;
    }
}

void bursts_results(const struct burst *burst, struct afxdp_result *results)
{
    for (uint32_t i = 0; i < burst->count; i++)
        results[i] = (struct afxdp_result){.outcome = outcome_of(burst->slot[i]),
                                           .action = burst->action[i]};
    for (uint32_t ip = 0; ip < burst->ip_count; ip++) {
        const struct verdict *verdict = &burst->verdicts[ip];

        results[burst->place[ip]].verdict =
            (struct afxdp_verdict){verdict->class_index, verdict->confidence};
    }
}

static void tell(struct burst_observer *observer, const struct burst *burst)
{
    const struct bursts *bursts = (const struct bursts *)observer;
    const struct afxdp_callbacks *callbacks = bursts->callbacks;
    struct afxdp_result results[BURST_MAX];

    bursts_results(burst, results);
    callbacks->burst(callbacks->context, bursts->queue, (const struct afxdp_frame *)burst->frames,
                     results, burst->count);
}

void bursts_observe(struct bursts *bursts, const struct afxdp_callbacks *callbacks,
                    struct pipeline *pipeline, uint32_t queue)
{
    struct burst_observer **last = &pipeline->observer;

    if (!callbacks->burst)
        return;
    *bursts = (struct bursts){{tell, NULL}, callbacks, queue};
    while (*last)
        last = &(*last)->next;
    *last = &bursts->observer;
    pipeline->calls_out = true;
}
