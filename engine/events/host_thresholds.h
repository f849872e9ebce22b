// SPDX-License-Identifier: BSD-2-Clause
/* --eve-hosts: from which value on a host is told of. The values are those features of set 2 that
 * belong to one host alone: what it began (initiator_…), or what was begun to it (responder_…). */
#ifndef AFXDP_HOST_THRESHOLDS_H
#define AFXDP_HOST_THRESHOLDS_H

#include <stdbool.h>

#include "error.h"
#include "host_features.h"

enum { HOST_THRESHOLD_MOST = UINT16_MAX };

struct host_thresholds {
    uint32_t least[HOST_FEATURES]; /* of each feature from HOST_FEATURE_FIRST on; 0: none */
};

/* "NAME=N" and "default", separated by commas, later ones over earlier ones and over what is there
 * already. -EINVAL with one line. */
int host_thresholds_parse(struct host_thresholds *thresholds, const char *text,
                          struct error *error);

bool host_thresholds_any(const struct host_thresholds *thresholds);

/* Whether the feature is of the flow's responder; else of its initiator. */
ALWAYS_INLINE bool host_feature_is_responders(uint32_t feature)
{
    return feature >= FEATURE_RESPONDER_FAILED;
}

#endif
