// SPDX-License-Identifier: BSD-2-Clause
/* What the parts of path.h share. */
#ifndef AFXDP_PATH_PRIVATE_H
#define AFXDP_PATH_PRIVATE_H

#include "path.h"

/* Of path_cpus. */
static inline uint32_t path_elements(uint32_t cpus, const struct path_settings *settings)
{
    const struct path_options *options = &settings->options;

    return cpus * (options->ports > 1 ? PATH_PORTS : 1) *
           (options->queues > 1 ? options->queues : 1);
}

#endif
