// SPDX-License-Identifier: BSD-2-Clause
/* Blocks by hand: each host for itself takes the lock, so that the thread never waits for long. */
#include <errno.h>

#include "blocks_private.h"
#include "monotonic.h"
#include "stats.h"

enum { PLACES_AT_ONCE = 4096 };

static struct block_key key_of(const struct prefix *host)
{
    return (struct block_key){host->high, host->low, host->version};
}

static int no_host(const struct prefix *network, struct error *error)
{
    char text[PREFIX_TEXT_MAX];

    prefix_print(network, text);
    return error_set(error, -EINVAL, "%s is a network, and hosts are blocked: --deny takes it",
                     text);
}

static int check_hosts(const struct prefix_list *hosts, struct error *error)
{
    for (uint32_t i = 0; i < hosts->count; i++)
        if (hosts->prefix[i].length != (hosts->prefix[i].version == 4 ? 32 : 128))
            return no_host(&hosts->prefix[i], error);
    return 0;
}

static bool add(struct blocks *b, const struct block_key *host, uint64_t seconds)
{
    uint64_t now = monotonic_ns();

    pthread_mutex_lock(&b->lock);
    bool done = blocks_begin(b, host, now, now + seconds * SECOND_NS);
    pthread_mutex_unlock(&b->lock);
    return done;
}

int blocks_add(struct blocks *b, const struct prefix_list *hosts, uint64_t seconds,
               struct error *error)
{
    char text[PREFIX_TEXT_MAX];
    int status = check_hosts(hosts, error);

    if (status != 0)
        return status;
    if (hosts->count > b->options.most)
        return error_set(error, -E2BIG, "%u hosts are more than --blocks %u", hosts->count,
                         b->options.most);
    for (uint32_t i = 0; i < hosts->count; i++) {
        const struct block_key host = key_of(&hosts->prefix[i]);

        if (add(b, &host, seconds))
            continue;
        prefix_print(&hosts->prefix[i], text);
        return error_set(error, -EPERM,
                         "%s can't be blocked: it is allowed, this host's own, or the kernel has "
                         "no room; %u before it are",
                         text, i);
    }
    return 0;
}

static bool take_out(struct blocks *b, const struct block_key *host)
{
    bool was = block_table_remove(b->table, host);

    if (was) {
        (void)blocked_remove(&b->map, host);
        stats_add(&b->counters.removed, 1);
        blocks_note(b, host, BLOCK_REMOVED, 0);
    }
    return was;
}

int blocks_remove(struct blocks *b, const struct prefix_list *hosts, struct error *error)
{
    char text[PREFIX_TEXT_MAX];
    int status = check_hosts(hosts, error);

    for (uint32_t i = 0; status == 0 && i < hosts->count; i++) {
        const struct block_key host = key_of(&hosts->prefix[i]);

        pthread_mutex_lock(&b->lock);
        bool was = take_out(b, &host);
        pthread_mutex_unlock(&b->lock);
        if (was)
            continue;
        prefix_print(&hosts->prefix[i], text);
        status = error_set(error, -ENOENT, "%s isn't blocked; %u before it were, and are no more",
                           text, i);
    }
    return status;
}

uint32_t blocks_flush(struct blocks *b)
{
    struct blocked_host host[BLOCKS_PAGE];
    uint32_t place = 0;
    uint32_t flushed = 0;

    while (place != BLOCKS_END) {
        uint32_t count = blocks_read(b, &place, host);

        pthread_mutex_lock(&b->lock);
        for (uint32_t i = 0; i < count; i++)
            flushed += take_out(b, &host[i].source);
        pthread_mutex_unlock(&b->lock);
    }
    return flushed;
}

uint32_t blocks_read(struct blocks *b, uint32_t *place, struct blocked_host hosts[BLOCKS_PAGE])
{
    uint32_t places = block_table_places(b->table);
    uint32_t count = 0;

    while (count == 0 && *place < places) {
        uint32_t end = places - *place < PLACES_AT_ONCE ? places : *place + PLACES_AT_ONCE;

        pthread_mutex_lock(&b->lock);
        for (; *place < end && count < BLOCKS_PAGE; ++*place) {
            struct blocked_host *host = &hosts[count];

            count += block_table_at(b->table, *place, &host->source, &host->until);
        }
        pthread_mutex_unlock(&b->lock);
    }
    if (*place >= places)
        *place = BLOCKS_END;
    return count;
}
