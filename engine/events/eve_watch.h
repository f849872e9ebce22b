// SPDX-License-Identifier: BSD-2-Clause
/* --eve-hosts on the side of those who see packets: which hosts are at a threshold. A host is told
 * of once a window of the host memory (8.6 s) by each worker; of who is there already, and who no
 * more, the writer keeps account (eve_hosts.h). */
#ifndef AFXDP_EVE_WATCH_H
#define AFXDP_EVE_WATCH_H

#include "eve_record.h"
#include "host_features.h"
#include "host_thresholds.h"

enum { EVE_WATCH_HOSTS = 1 << 10 };

/* Whom this worker has told of. Two that meet in one place take turns, and are told of more often.
 */
struct eve_watched {
    uint64_t address[2];
    uint32_t realm; /* see flow_key_realm; 0: nobody */
    uint32_t window[HOST_FEATURES];
};

struct eve_watch {
    int32_t below[HOST_FEATURES]; /* the largest value that is not enough */
    uint64_t now;                 /* see host_time */
    uint32_t window;              /* the last one that the writer knows of */
    struct eve_watched told[EVE_WATCH_HOSTS];
};

/* NULL without memory. */
struct eve_watch *eve_watch_new(const struct host_thresholds *thresholds);

/* Whether a packet's values, from HOST_FEATURE_FIRST on, are enough for anything. None is beyond
 * 2^17, so signs don't matter. No branch: all of them are compared at once. */
ALWAYS_INLINE bool eve_watch_meets(const struct eve_watch *watch, const uint32_t *values)
{
    int32_t any = 0;

    for (uint32_t i = 0; i < HOST_FEATURES; i++)
        any |= -((int32_t)values[i] > watch->below[i]);
    return any;
}

/* The writer knows of another window. */
void eve_watch_begin(struct eve_watch *watch, uint32_t window);

/* Whether a host of the flow is to be told of for what it has of a feature, in this window. */
bool eve_watch_is_due(struct eve_watch *watch, const struct eve_flow *flow, uint32_t feature,
                      uint32_t value);

/* The host that such a feature is of, as two words. */
ALWAYS_INLINE const uint64_t *eve_host_address(const struct eve_flow *flow, uint32_t feature)
{
    bool low = flow->initiator_is_low != host_feature_is_responders(feature + HOST_FEATURE_FIRST);

    return low ? flow->key.low_address : flow->key.high_address;
}

#endif
