// SPDX-License-Identifier: BSD-2-Clause
#include "datapath_blocks.h"

#include <errno.h>

#include "events.h"
#include "say.h"

/* Who was blocked when the run before ended. */
static int take_up(struct afxdp_datapath *base, struct error *error)
{
    const char *path = base->config->state;
    uint32_t restored;
    int status = blocks_restore(base->blocks, path, &restored, error);

    if (status == 0 && restored)
        say(&base->say, AFXDP_INFO, "%u host%s blocked from before, by %s", restored,
            restored == 1 ? " is" : "s are", path);
    return status;
}

int datapath_blocks_open(struct afxdp_datapath *base, uint32_t workers, bool kernel_clock,
                         struct error *error)
{
    const struct afxdp_config *config = base->config;
    const struct blocks_options options = {
        .workers = workers,
        .most = config->blocks,
        .after = config->block_after,
        .unproven = config->block_unproven,
        .two_sides = config_way(config) == WAY_BRIDGE,
        .kernel_clock = kernel_clock,
        .events = events_wanted(base) && config->eve_types & EVE_TYPE_BLOCK,
    };

    if (!policy_blocks(&base->judgement->policy) && !option_given(&config->values, "blocks") &&
        !config->state)
        return 0;
    if (config->tunnels.kinds != 0)
        return error_set(error, -EINVAL,
                         "block: the program that drops sees a tunnel's ends, not the hosts inside "
                         "it: use drop, or leave --tunnels out");
    int status = blocks_open(&base->blocks, &options, error);
    if (status == 0)
        status = datapath_blocks_allow(base, &base->lists.list[LIST_ALLOW], error);
    return status == 0 && config->state ? take_up(base, error) : status;
}

int datapath_blocks_start(struct afxdp_datapath *base, struct error *error)
{
    int status = base->blocks ? blocks_start(base->blocks, error) : 0;

    return status == 0 && base->config->state
               ? blocks_keeper_open(&base->keeper, base->blocks, base->config->state, error)
               : status;
}

void datapath_blocks_watch(struct afxdp_datapath *base)
{
    struct error error;

    if (!base->keeper)
        return;
    bool fails = blocks_keeper_check(base->keeper, &error) != 0;
    if (fails && !base->told_of_state)
        say(&base->say, AFXDP_FAULT, "%s; blocks go on, and may not survive this run", error.text);
    base->told_of_state = fails;
}

int datapath_blocks_end(struct afxdp_datapath *base, struct error *error)
{
    int status = blocks_keeper_close(base->keeper, error);

    base->keeper = NULL;
    return status;
}

int datapath_blocks_allow(struct afxdp_datapath *base, const struct prefix_list *allowed,
                          struct error *error)
{
    return base->blocks ? blocks_allow(base->blocks, allowed, error) : 0;
}
