// SPDX-License-Identifier: BSD-2-Clause
/* --eve-types: which events are told of. `host` isn't among them, for hosts are asked for by their
 * thresholds. */
#ifndef AFXDP_EVE_TYPES_H
#define AFXDP_EVE_TYPES_H

#include <stdint.h>

#include "error.h"

enum eve_type {
    EVE_TYPE_VERDICT = 1,
    EVE_TYPE_FLOW = 2,
    EVE_TYPE_BLOCK = 4,
    EVE_TYPE_STATS = 8,
    EVE_TYPE_ENGINE = 16,
    EVE_TYPES_ALL = 31,
};

/* A list of names, separated by commas, into bits. -EINVAL with one line. */
int eve_types_parse(uint32_t *types, const char *text, struct error *error);

#endif
