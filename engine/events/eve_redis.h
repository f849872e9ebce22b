// SPDX-License-Identifier: BSD-2-Clause
#ifndef AFXDP_EVE_REDIS_H
#define AFXDP_EVE_REDIS_H

#include "eve_sink.h"
#include "eve_target.h"

/* A stream of Redis's: XADD of the field `event`, a batch of lines at a time, and the server trims
 * the stream to about a million entries. A server that is away is tried again after a pause that
 * grows to 1.6 seconds; lines meanwhile are lost, and so are those whose answer was on its way,
 * though the server may have them. As eve_sink_open. */
int eve_redis_open(struct eve_sink **out, const struct eve_target *target,
                   const struct eve_sink_options *options, struct error *error);

/* -EINVAL with one line, in which `path` is quoted. */
int eve_redis_check(const struct eve_target *target, const char *path, struct error *error);

#endif
