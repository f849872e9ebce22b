// SPDX-License-Identifier: BSD-2-Clause
#include "block_table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "flow_table.h"

enum { NOBODY = UINT32_MAX, SUSPECT_WAYS = 8 };

struct block {
    struct block_key source;
    uint64_t until; /* 0: free */
    uint32_t chain; /* the next one of the same hash, or free */
    uint32_t newer; /* neighbours in the order of their last offence */
    uint32_t older;
};

struct suspect {
    struct block_key source;
    uint64_t since;
    uint32_t offences;
};

struct block_table {
    struct block *block;
    uint32_t *bucket;
    struct suspect *suspect;
    struct flow_seed seed;
    uint32_t most, count, after, mask;
    uint32_t free; /* chain of free blocks */
    uint32_t newest, oldest;
    uint32_t looked; /* by block_table_expire */
};

static uint64_t hash_of(const struct block_table *t, const struct block_key *key)
{
    const struct flow_key words = {
        .low_address = {key->high, key->low}, .high_address = {0, 0}, .rest = key->version};

    return flow_hash(&t->seed, &words);
}

int block_table_new(struct block_table **out, uint32_t most, uint32_t after)
{
    struct block_table *t = calloc(1, sizeof(*t));
    uint32_t buckets = 1;
    uint64_t key;

    while (buckets < most)
        buckets *= 2;
    if (!t)
        return -ENOMEM;
    t->block = calloc(most, sizeof(*t->block));
    t->bucket = malloc(buckets * sizeof(*t->bucket));
    t->suspect = calloc(SUSPECTS_SIZE, sizeof(*t->suspect));
    if (!t->block || !t->bucket || !t->suspect ||
        getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key)) {
        block_table_free(t);
        return -ENOMEM;
    }
    flow_seed_make(&t->seed, key);
    t->most = most;
    t->after = after;
    t->mask = buckets - 1;
    t->newest = t->oldest = NOBODY;
    for (uint32_t i = 0; i < buckets; i++)
        t->bucket[i] = NOBODY;
    for (uint32_t i = 0; i < most; i++)
        t->block[i].chain = i + 1 < most ? i + 1 : NOBODY;
    *out = t;
    return 0;
}

void block_table_free(struct block_table *t)
{
    if (!t)
        return;
    free(t->block);
    free(t->bucket);
    free(t->suspect);
    free(t);
}

uint32_t block_table_count(const struct block_table *t)
{
    return t->count;
}

static uint32_t *place_of(const struct block_table *t, const struct block_key *source)
{
    uint32_t *place = &t->bucket[hash_of(t, source) & t->mask];

    while (*place != NOBODY && !block_key_equal(&t->block[*place].source, source))
        place = &t->block[*place].chain;
    return place;
}

static void leave_order(struct block_table *t, uint32_t i)
{
    const struct block *block = &t->block[i];

    *(block->newer == NOBODY ? &t->newest : &t->block[block->newer].older) = block->older;
    *(block->older == NOBODY ? &t->oldest : &t->block[block->older].newer) = block->newer;
}

static void become_newest(struct block_table *t, uint32_t i)
{
    t->block[i].newer = NOBODY;
    t->block[i].older = t->newest;
    *(t->newest == NOBODY ? &t->oldest : &t->block[t->newest].newer) = i;
    t->newest = i;
}

bool block_table_remove(struct block_table *t, const struct block_key *source)
{
    uint32_t *place = place_of(t, source);
    uint32_t i = *place;

    if (i == NOBODY)
        return false;
    *place = t->block[i].chain;
    leave_order(t, i);
    t->block[i] = (struct block){.chain = t->free};
    t->free = i;
    t->count--;
    return true;
}

/* Where a source's offences are counted. When all ways are taken any of them gives way: by age,
 * sources that offend in turns would keep each other from ever being blocked. */
static struct suspect *suspect_of(const struct block_table *t, const struct block_key *source,
                                  uint64_t now)
{
    uint64_t bucket = (hash_of(t, source) >> 32) % (SUSPECTS_SIZE / SUSPECT_WAYS);
    struct suspect *ways = &t->suspect[bucket * SUSPECT_WAYS];
    struct suspect *place = &ways[(now * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SUSPECT_WAYS];

    for (uint32_t i = 0; i < SUSPECT_WAYS; i++) {
        bool counts =
            ways[i].offences > 0 && (int64_t)(now - ways[i].since) <= (int64_t)OFFENCE_WINDOW_NS;

        if (counts && block_key_equal(&ways[i].source, source))
            return &ways[i];
        if (!counts)
            place = &ways[i];
    }
    *place = (struct suspect){.source = *source, .since = now};
    return place;
}

enum block_verdict block_table_offence(struct block_table *t, const struct block_key *source,
                                       uint64_t now, uint64_t ns)
{
    uint32_t i = *place_of(t, source);

    if (i != NOBODY) {
        if (now + ns > t->block[i].until)
            t->block[i].until = now + ns;
        leave_order(t, i);
        become_newest(t, i);
        return BLOCK_EXTENDED;
    }
    struct suspect *suspect = suspect_of(t, source, now);
    if (++suspect->offences < t->after)
        return BLOCK_NOT_YET;
    suspect->offences = 0;
    return BLOCK_BEGIN;
}

bool block_table_add(struct block_table *t, const struct block_key *source, uint64_t until,
                     struct block_key *evicted)
{
    bool full = t->free == NOBODY;

    if (full) {
        *evicted = t->block[t->oldest].source;
        (void)block_table_remove(t, evicted);
    }
    uint32_t i = t->free;
    uint32_t *bucket = &t->bucket[hash_of(t, source) & t->mask];

    t->free = t->block[i].chain;
    t->block[i] = (struct block){.source = *source, .until = until, .chain = *bucket};
    *bucket = i;
    become_newest(t, i);
    t->count++;
    return full;
}

bool block_table_expire(struct block_table *t, uint64_t now, uint32_t *most,
                        struct block_key *ended)
{
    while (*most > 0) {
        const struct block *block = &t->block[t->looked];

        --*most;
        t->looked = (t->looked + 1) % t->most;
        if (block->until == 0 || block->until > now)
            continue;
        *ended = block->source;
        return block_table_remove(t, ended);
    }
    return false;
}

uint32_t block_table_places(const struct block_table *t)
{
    return t->most;
}

bool block_table_at(const struct block_table *t, uint32_t place, struct block_key *source,
                    uint64_t *until)
{
    const struct block *block = &t->block[place];

    *source = block->source;
    *until = block->until;
    return block->until != 0;
}

bool block_table_has(const struct block_table *t, const struct block_key *source)
{
    return *place_of(t, source) != NOBODY;
}
