// SPDX-License-Identifier: BSD-2-Clause
#include "memory_plan.h"

#include <errno.h>

#include "pages.h"
#include "say.h"

enum {
    FLOWS_LEAST = 1 << 14,
    SHARE = 4,              /* of what is there: what flow tables may take unasked, */
    UNASKED_MOST = 1 << 30, /* and never more than that */
    SPARE_PART = 8,         /* of what is there: what stays free for all else, */
    SPARE_MOST = 256 << 20, /* and not more than that */
};

/* What lies beside a table. */
static uint64_t beside_bytes(const struct memory_need *need, uint32_t flows)
{
    return pages_round(flow_table_places(flows) * need->beside);
}

static uint64_t tables_bytes(const struct memory_need *need, uint32_t flows)
{
    return flow_table_bytes(flows) + beside_bytes(need, flows);
}

static uint64_t bytes_of(const struct memory_need *need, uint32_t flows)
{
    return need->holders * (tables_bytes(need, flows) + need->packets) + need->once;
}

static uint64_t gigantic_pages(uint64_t bytes)
{
    return bytes < GIGANTIC_PAGE ? 0 : (bytes + GIGANTIC_PAGE - 1) / GIGANTIC_PAGE;
}

/* What flow tables, and what lies beside them, have of those pages at the least, where others and
 * the largest of them come first. */
static uint64_t in_gigantic_pages(const struct memory_need *need, const struct memory_room *room,
                                  uint32_t flows)
{
    uint64_t table = flow_table_bytes(flows), beside = beside_bytes(need, flows);
    uint64_t largest = table > beside ? table : beside, least = table < beside ? table : beside;
    uint64_t there = room->gigantic_bytes / GIGANTIC_PAGE;
    uint64_t others = gigantic_pages(need->once) + need->holders * gigantic_pages(need->packets);
    uint64_t tables = need->holders;

    if (largest < GIGANTIC_PAGE || there <= others)
        return 0;
    if (least >= GIGANTIC_PAGE)
        tables *= 2;
    else
        least = largest;
    uint64_t served = (there - others) / gigantic_pages(largest);
    return (served < tables ? served : tables) * least;
}

/* Reserved pages are for whole tables and memories: one may find too few left for it. */
static uint64_t in_reserved_pages(const struct memory_need *need, const struct memory_room *room,
                                  uint32_t flows)
{
    if (need->in_kernel)
        return 0;
    uint64_t gigantic = in_gigantic_pages(need, room, flows);
    uint64_t all = bytes_of(need, flows);
    uint64_t largest = flow_table_bytes(flows);

    if (room->huge_bytes >= all - gigantic)
        return all;
    largest = beside_bytes(need, flows) > largest ? beside_bytes(need, flows) : largest;
    largest = need->packets > largest ? need->packets : largest;
    largest = need->once > largest ? need->once : largest;
    return gigantic + (room->huge_bytes > largest ? room->huge_bytes - largest : 0);
}

static uint64_t usable(const struct memory_room *room)
{
    uint64_t spare = room->bytes / SPARE_PART;

    return room->bytes - (spare < SPARE_MOST ? spare : SPARE_MOST);
}

static bool fits(const struct memory_need *need, const struct memory_room *room, uint32_t flows)
{
    return bytes_of(need, flows) - in_reserved_pages(need, room, flows) <= usable(room);
}

static bool is_modest(const struct memory_need *need, const struct memory_room *room,
                      uint32_t flows)
{
    uint64_t tables = need->holders * tables_bytes(need, flows);

    return tables <= UNASKED_MOST && tables <= room->bytes / SHARE && fits(need, room, flows);
}

static unsigned long long mib(uint64_t bytes)
{
    return (bytes + (1 << 20) - 1) >> 20;
}

int memory_plan_flows(uint32_t *flows, const struct memory_need *need,
                      const struct memory_room *room, const struct afxdp_config *config,
                      const struct afxdp_callbacks *callbacks, struct error *error)
{
    const char *many = need->holders == 1 ? "" : "s";
    uint32_t chosen = config->flows;

    while (!option_given(&config->values, "flows") && chosen > FLOWS_LEAST &&
           !is_modest(need, room, chosen))
        chosen /= 2;
    if (!fits(need, room, chosen))
        return error_set(error, -ENOMEM,
                         "%u %s%s need %llu MiB of memory (%llu for packets and %llu for %u flows "
                         "each, %llu for all), but %s leaves %llu: lower --flows%s",
                         need->holders, need->holder, many, mib(bytes_of(need, chosen)),
                         mib(need->packets), mib(tables_bytes(need, chosen)), chosen,
                         mib(need->once), room->whose, (unsigned long long)(usable(room) >> 20),
                         need->lower);
    if (chosen != config->flows)
        say(callbacks, AFXDP_INFO,
            "a table of %u flows for each of %u %s%s, to leave memory to others; --flows says "
            "otherwise",
            chosen, need->holders, need->holder, many);
    *flows = chosen;
    return 0;
}

int memory_plan(uint32_t *flows, const struct memory_need *need, const struct afxdp_config *config,
                const struct afxdp_callbacks *callbacks, struct error *error)
{
    struct memory_room room;

    memory_room_read(&room, "");
    return memory_plan_flows(flows, need, &room, config, callbacks, error);
}
