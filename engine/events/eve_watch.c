// SPDX-License-Identifier: BSD-2-Clause
#include "eve_watch.h"

#include <stdlib.h>
#include <string.h>

struct eve_watch *eve_watch_new(const struct host_thresholds *thresholds)
{
    struct eve_watch *watch = calloc(1, sizeof(*watch));

    for (uint32_t i = 0; watch && i < HOST_FEATURES; i++)
        watch->below[i] = thresholds->least[i] ? (int32_t)thresholds->least[i] - 1 : INT32_MAX;
    return watch;
}

void eve_watch_begin(struct eve_watch *watch, uint32_t window)
{
    bool back = window - watch->window > UINT32_MAX / 2;

    if (back) /* the writer may let go of those who were told of in a window that comes again */
        memset(watch->told, 0, sizeof(watch->told));
    watch->window = window;
}

bool eve_watch_is_due(struct eve_watch *watch, const struct eve_flow *flow, uint32_t feature,
                      uint32_t value)
{
    const uint64_t *address = eve_host_address(flow, feature);
    uint32_t realm = flow_key_realm(&flow->key);

    if ((int32_t)value <= watch->below[feature])
        return false;
    uint64_t hash = flow_hash_finish(address[0] + flow_hash_finish(address[1]));
    struct eve_watched *host = &watch->told[hash % EVE_WATCH_HOSTS];
    if (host->realm != realm || host->address[0] != address[0] || host->address[1] != address[1])
        *host = (struct eve_watched){.address = {address[0], address[1]}, .realm = realm};
    uint32_t window = host_window(watch->now) + 1; /* so that 0 is none */
    bool due = host->window[feature] != window;
    host->window[feature] = window;
    return due;
}
