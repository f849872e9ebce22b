// SPDX-License-Identifier: BSD-2-Clause
#include "eve_hosts.h"

#include <stdlib.h>
#include <string.h>

#include "eve_watch.h"

enum { NOBODY = UINT16_MAX };

/* Those of a place by hash are a chain; so are those that are free. */
struct entry {
    uint32_t window; /* the last one in which it was there */
    uint16_t next;
    struct eve_record record; /* without its flow's slots */
};

struct eve_hosts {
    uint16_t first[EVE_HOSTS];
    uint16_t free;
    struct entry entry[EVE_HOSTS];
};

_Static_assert((int)EVE_HOSTS <= (int)NOBODY, "an entry's number");

struct eve_hosts *eve_hosts_new(void)
{
    struct eve_hosts *hosts = calloc(1, sizeof(*hosts));

    if (!hosts)
        return NULL;
    memset(hosts->first, 0xff, sizeof(hosts->first));
    for (uint32_t i = 0; i < EVE_HOSTS; i++)
        hosts->entry[i].next = i + 1 < EVE_HOSTS ? (uint16_t)(i + 1) : NOBODY;
    return hosts;
}

void eve_hosts_free(struct eve_hosts *hosts)
{
    free(hosts);
}

static uint16_t *chain_of(struct eve_hosts *hosts, const struct eve_record *record)
{
    const uint64_t *address = eve_host_address(&record->flow, record->host.feature);
    uint64_t hash = flow_hash_finish(address[0] + flow_hash_finish(address[1]));

    return &hosts->first[(hash + record->host.feature) % EVE_HOSTS];
}

static bool is_same(const struct eve_record *a, const struct eve_record *b)
{
    return a->host.feature == b->host.feature &&
           flow_key_realm(&a->flow.key) == flow_key_realm(&b->flow.key) &&
           memcmp(eve_host_address(&a->flow, a->host.feature),
                  eve_host_address(&b->flow, b->host.feature), 2 * sizeof(uint64_t)) == 0;
}

/* Never back, for a worker may be a little behind others, but where time itself was set back. */
static void go_on(struct entry *entry, uint32_t window)
{
    if (window - entry->window < UINT32_MAX / 2 || !host_window_is_readable(entry->window, window))
        entry->window = window;
}

enum eve_hosts_answer eve_hosts_ask(struct eve_hosts *hosts, const struct eve_record *record)
{
    for (uint16_t i = *chain_of(hosts, record); i != NOBODY; i = hosts->entry[i].next) {
        if (!is_same(&hosts->entry[i].record, record))
            continue;
        go_on(&hosts->entry[i], record->host.window);
        return EVE_HOSTS_KNOWN;
    }
    return hosts->free == NOBODY ? EVE_HOSTS_FULL : EVE_HOSTS_NEW;
}

void eve_hosts_keep(struct eve_hosts *hosts, const struct eve_record *record)
{
    uint16_t i = hosts->free;
    struct entry *entry = &hosts->entry[i];
    uint16_t *chain = chain_of(hosts, record);

    hosts->free = entry->next;
    entry->record = *record;
    entry->window = record->host.window;
    entry->next = *chain;
    *chain = i;
}

void eve_hosts_begin(struct eve_hosts *hosts, uint32_t window,
                     void (*end)(void *context, const struct eve_record *record), void *context)
{
    for (uint32_t place = 0; place < EVE_HOSTS; place++) {
        uint16_t *link = &hosts->first[place];

        while (*link != NOBODY) {
            struct entry *entry = &hosts->entry[*link];
            uint16_t i = *link;

            if (host_window_is_readable(entry->window, window)) {
                link = &entry->next;
                continue;
            }
            *link = entry->next;
            entry->next = hosts->free;
            hosts->free = i;
            end(context, &entry->record);
        }
    }
}
