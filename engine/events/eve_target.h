// SPDX-License-Identifier: BSD-2-Clause
#ifndef AFXDP_EVE_TARGET_H
#define AFXDP_EVE_TARGET_H

/* What stands behind "kafka:" and "redis:". */
struct eve_target {
    char server[1024];
    const char *name; /* of the topic, of the stream; the option's text */
};

#endif
