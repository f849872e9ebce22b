// SPDX-License-Identifier: BSD-2-Clause
#include "live_blocks.h"

#include <errno.h>

#include "events.h"
#include "say.h"

/* Who was blocked when the run before ended. */
static int take_up(struct live *live, struct error *error)
{
    const char *path = live->base.config->state;
    uint32_t restored;
    int status = blocks_restore(live->base.blocks, path, &restored, error);

    if (status == 0 && restored)
        say(&live->base.say, AFXDP_INFO, "%u host%s blocked from before, by %s", restored,
            restored == 1 ? " is" : "s are", path);
    return status;
}

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

    if (!policy_blocks(&live->base.judgement->policy) && !option_given(&config->values, "blocks") &&
        !config->state)
        return 0;
    if (config->tunnels.kinds != 0)
        return error_set(error, -EINVAL,
                         "block: the program in front of the ring sees a tunnel's ends, not the "
                         "hosts inside it: use drop, or leave --tunnels out");
    int status = blocks_open(&live->base.blocks, &options, error);
    if (status == 0)
        status = live_blocks_allow(&live->base, &live->base.lists.list[LIST_ALLOW], error);
    return status == 0 && config->state ? take_up(live, error) : status;
}

int live_blocks_start(struct live *live, struct error *error)
{
    struct afxdp_datapath *base = &live->base;
    int status = base->blocks ? blocks_start(base->blocks, error) : 0;

    return status == 0 && base->config->state
               ? blocks_keeper_open(&base->keeper, base->blocks, base->config->state, error)
               : status;
}

void live_blocks_watch(struct live *live)
{
    struct error error;

    if (!live->base.keeper)
        return;
    bool fails = blocks_keeper_check(live->base.keeper, &error) != 0;
    if (fails && !live->told_of_state)
        say(&live->base.say, AFXDP_FAULT, "%s; blocks go on, and may not survive this run",
            error.text);
    live->told_of_state = fails;
}

int live_blocks_end(struct live *live, struct error *error)
{
    int status = blocks_keeper_close(live->base.keeper, error);

    live->base.keeper = NULL;
    return status;
}

int live_blocks_allow(struct afxdp_datapath *base, const struct prefix_list *allowed,
                      struct error *error)
{
    return base->blocks ? blocks_allow(base->blocks, allowed, error) : 0;
}
