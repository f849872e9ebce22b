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
    int status = shunts_check(config, error);
    if (status != 0)
        return status;
    live->base.can_shunt = true;
    return shunts_open(&live->shunts, &options, error);
}
