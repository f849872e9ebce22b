// SPDX-License-Identifier: BSD-2-Clause
#include "live_blocks.h"

#include <errno.h>

#include "events.h"

int live_blocks_open(struct live *live, struct error *error)
{
    const struct afxdp_config *config = live->base.config;
    const struct blocks_options options = {
        .workers = live->nics.queues,
        .most = config->blocks,
        .after = config->block_after,
        .unproven = config->block_unproven,
        .two_sides = config_way(config) == WAY_BRIDGE,
        .kernel_clock = config->timestamps == TIMESTAMPS_XDP && !config->trailer_time,
        .events = events_wanted(&live->base),
    };

    if (!policy_blocks(&live->base.judgement->policy) && !option_given(&config->values, "blocks"))
        return 0;
    if (config->tunnels.kinds != 0)
        return error_set(error, -EINVAL,
                         "block: the program in front of the ring sees a tunnel's ends, not the "
                         "hosts inside it: use drop, or leave --tunnels out");
    int status = blocks_open(&live->base.blocks, &options, error);
    return status == 0 ? live_blocks_allow(&live->base, &live->base.lists.list[LIST_ALLOW], error)
                       : status;
}

int live_blocks_allow(struct afxdp_datapath *base, const struct prefix_list *allowed,
                      struct error *error)
{
    return base->blocks ? blocks_allow(base->blocks, allowed, error) : 0;
}
