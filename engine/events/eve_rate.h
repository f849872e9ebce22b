// SPDX-License-Identifier: BSD-2-Clause
/* How many events of flows a second are told, by their own times: of all, and of those that one
 * host began. Hosts have a count each by a hash; two that meet in one share its allowance. */
#ifndef AFXDP_EVE_RATE_H
#define AFXDP_EVE_RATE_H

#include "eve_record.h"

enum { EVE_RATE_HOSTS = 1 << 14 };

struct eve_rate_second {
    uint64_t second, count;
};

struct eve_rate {
    uint32_t most, most_of_host; /* 0: any number */
    struct eve_rate_second all;
    struct eve_rate_second host[EVE_RATE_HOSTS];
};

/* Whether it is to be told; counts it if so. One thread. */
bool eve_rate_allows(struct eve_rate *rate, const struct eve_record *record);

#endif
