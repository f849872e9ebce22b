// SPDX-License-Identifier: BSD-2-Clause
#include "live_shunts.h"

#include <errno.h>

int live_shunts_open(struct live *live, struct error *error)
{
    const struct afxdp_config *config = live->base.config;
    const struct shunts_options options = {
        .workers = live->nics.queues,
        .most = config->shunts,
        .every = config->shunt_every,
        .seconds = config->shunt_seconds,
        .kernel_clock = config->timestamps == TIMESTAMPS_XDP && !config->trailer_time,
    };

    if (!policy_shunts(&live->base.judgement->policy) && !option_given(&config->values, "shunts"))
        return 0;
    if (tunnel_options_look(&config->tunnels))
        return error_set(error, -EINVAL,
                         "shunt: the program in front of the ring sees neither what is inside a "
                         "tunnel nor whose VLAN a flow is: leave --tunnels and --flow-key out");
    if (config_way(config) == WAY_HAIRPIN)
        return error_set(error, -EINVAL,
                         "shunt: what goes by without the ring crosses to another port or reaches "
                         "the host, it doesn't go back: leave --hairpin out");
    live->base.can_shunt = true;
    return shunts_open(&live->shunts, &options, error);
}
