// SPDX-License-Identifier: BSD-2-Clause
#include "eve_rate.h"

#include "flow_table.h"

enum {
    LEAD_S = 17, /* times go back by less than that, but for a stamp that was bogus */
    SECOND = 1000000000,
};

static bool has_room(struct eve_rate_second *of, uint64_t second, uint32_t most)
{
    if (second > of->second || of->second - second > LEAD_S)
        *of = (struct eve_rate_second){.second = second};
    return most == 0 || of->count < most;
}

static struct eve_rate_second *host_of(struct eve_rate *rate, const struct eve_flow *flow)
{
    const uint64_t *address =
        flow->initiator_is_low ? flow->key.low_address : flow->key.high_address;
    uint64_t hash = flow_hash_finish(address[0] + flow_hash_finish(address[1]));

    return &rate->host[hash % EVE_RATE_HOSTS];
}

bool eve_rate_allows(struct eve_rate *rate, const struct eve_record *record)
{
    uint64_t second = record->time / SECOND;
    struct eve_rate_second *host = host_of(rate, &record->flow);

    if (!has_room(host, second, rate->most_of_host) || !has_room(&rate->all, second, rate->most))
        return false;
    host->count++;
    rate->all.count++;
    return true;
}
