// SPDX-License-Identifier: BSD-2-Clause
#include "blocks_private.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "address_lists.h"
#include "confine.h"
#include "monotonic.h"
#include "rights.h"
#include "stats.h"

#define ROUND_NS 200000L
#define SLACK_NS 1000
#define OWN_EVERY_NS UINT64_C(2000000000)

enum { EXPIRE_A_ROUND = 1024 /* places looked at: 5 million a second */ };

static int make_accusers(struct blocks *b)
{
    const struct blocks_options *options = &b->options;
    int status = options->unproven ? 0 : proofs_new(&b->proofs);

    b->accuser = calloc(options->workers, sizeof(*b->accuser));
    if (!b->accuser && options->workers)
        return -ENOMEM;
    for (uint32_t i = 0; status == 0 && i < options->workers; i++) {
        struct accuser *accuser = &b->accuser[i];

        status = worker_ring_new(&accuser->ring);
        if (status == 0 && b->proofs)
            status = handshakes_new(&accuser->handshakes, b->proofs, options->two_sides);
    }
    return status;
}

int blocks_open(struct blocks **out, const struct blocks_options *options, struct error *error)
{
    struct blocks *b = calloc(1, sizeof(*b));

    if (!b)
        return error_set(error, -ENOMEM, "no memory for blocks");
    b->options = *options;
    b->map.map = -1;
    pthread_mutex_init(&b->lock, NULL);
    int status = block_table_new(&b->table, options->most, options->after);
    if (status == 0)
        status = make_accusers(b);
    if (status != 0)
        status = error_set(error, status, "no memory for %u blocks", options->most);
    else
        status = blocked_open(&b->map, options->most, error);
    if (status != 0) {
        blocks_close(b);
        return status;
    }
    *out = b;
    return 0;
}

const struct blocked *blocks_map(const struct blocks *b)
{
    return b ? &b->map : NULL;
}

struct accuser *blocks_accuser(struct blocks *b, uint32_t worker)
{
    return b ? &b->accuser[worker] : NULL;
}

int blocks_allow(struct blocks *b, const struct prefix_list *allowed, struct error *error)
{
    union prefix_element *set = NULL;
    uint32_t count;
    int status = allowed->count ? prefix_set_new(&set, &count, allowed, error) : 0;

    if (status != 0)
        return status;
    pthread_mutex_lock(&b->lock);
    union prefix_element *before = b->allowed;
    b->allowed = set;
    pthread_mutex_unlock(&b->lock);
    free(before);
    return 0;
}

static bool own_address(const struct sockaddr *address, struct prefix_address *own)
{
    uint64_t word[2] = {0};

    if (!address || (address->sa_family != AF_INET && address->sa_family != AF_INET6))
        return false;
    if (address->sa_family == AF_INET)
        memcpy(word, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else
        memcpy(word, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    *own = (struct prefix_address){be64toh(word[0]), be64toh(word[1]),
                                   address->sa_family == AF_INET ? 4 : 6};
    return true;
}

static void read_own(struct blocks *b, uint64_t now)
{
    struct ifaddrs *all;

    if (b->own_read && now - b->own_read < OWN_EVERY_NS)
        return;
    b->own_read = now;
    if (getifaddrs(&all) != 0)
        return;
    b->own_count = 0;
    for (const struct ifaddrs *i = all; i && b->own_count < OWN_MOST; i = i->ifa_next)
        b->own_count += own_address(i->ifa_addr, &b->own[b->own_count]);
    freeifaddrs(all);
}

static const union prefix_element *at(const void *set, uint32_t place)
{
    return (const union prefix_element *)set + place;
}

static bool may_be_blocked(struct blocks *b, const struct block_key *source)
{
    const struct prefix_address address = {source->high, source->low, (uint32_t)source->version};

    for (uint32_t i = 0; i < b->own_count; i++) {
        const struct block_key own = block_key_of(&b->own[i]);

        if (block_key_equal(&own, source))
            return false;
    }
    return !b->allowed || !prefix_set_has(b->allowed, at, &address);
}

static void note_reaction(struct blocks *b, uint64_t arrived)
{
    uint64_t now = monotonic_ns();

    if (!b->options.kernel_clock || now < arrived)
        return;
    uint64_t us = (now - arrived) / 1000;
    __atomic_store_n(&b->reaction[b->reactions % REACTIONS],
                     (uint32_t)(us < UINT32_MAX ? us : UINT32_MAX), __ATOMIC_RELAXED);
    __atomic_store_n(&b->reactions, b->reactions + 1, __ATOMIC_RELEASE);
}

bool blocks_begin(struct blocks *b, const struct block_key *source, uint64_t now, uint64_t until)
{
    struct block_key evicted;

    if (!may_be_blocked(b, source)) {
        stats_add(&b->counters.refused, 1);
        return false;
    }
    bool again = block_table_remove(b->table, source);
    if (block_table_add(b->table, source, until, &evicted)) {
        (void)blocked_remove(&b->map, &evicted);
        stats_add(&b->counters.evicted, 1);
        blocks_note(b, &evicted, BLOCK_EVICTED, 0);
    }
    if (!again && blocked_add(&b->map, source, now) != 0) {
        (void)block_table_remove(b->table, source);
        stats_add(&b->counters.failed, 1);
        return false;
    }
    stats_add(again ? &b->counters.extended : &b->counters.begun, 1);
    blocks_note(b, source, again ? BLOCK_GREW : BLOCK_BEGAN, until - now);
    return true;
}

static void judge(struct blocks *b, const struct offence *offence, uint64_t now)
{
    uint64_t ns = offence->seconds * SECOND_NS;

    switch (block_table_offence(b->table, &offence->source, now, ns)) {
    case BLOCK_BEGIN:
        if (blocks_begin(b, &offence->source, now, now + ns))
            note_reaction(b, offence->time);
        break;
    case BLOCK_EXTENDED:
        stats_add(&b->counters.extended, 1);
        blocks_note(b, &offence->source, BLOCK_GREW, ns);
        break;
    case BLOCK_NOT_YET:
        break;
    }
}

/* libbpf stops behind an offence for which this isn't 0: the rest is for the next round. */
static int hear(void *context, void *data, size_t size)
{
    struct blocks *b = context;

    if (size >= sizeof(struct offence))
        judge(b, data, monotonic_ns());
    return ++b->heard < WORKER_RING_SIZE ? 0 : -EAGAIN;
}

int blocks_listen(struct blocks *b, int ring, struct error *error)
{
    b->told = ring_buffer__new(ring, hear, b, NULL);
    if (b->told)
        return 0;
    return error_set(error, -errno, "no ring for offences (kernel 5.8): %s", strerror(errno));
}

static void expire(struct blocks *b, uint64_t now)
{
    uint32_t places = EXPIRE_A_ROUND;
    struct block_key ended;

    while (block_table_expire(b->table, now, &places, &ended)) {
        (void)blocked_remove(&b->map, &ended);
        stats_add(&b->counters.ended, 1);
        blocks_note(b, &ended, BLOCK_ENDED, 0);
    }
}

static void look(struct blocks *b, uint64_t now)
{
    struct offence offence;

    read_own(b, now);
    for (uint32_t i = 0; i < b->options.workers; i++)
        for (uint32_t n = 0; n < WORKER_RING_SIZE &&
                             worker_ring_take(b->accuser[i].ring, &offence, sizeof(offence));
             n++)
            judge(b, &offence, now);
    b->heard = 0;
    if (b->told)
        (void)ring_buffer__consume(b->told);
    expire(b, now);
    __atomic_store_n(&b->counters.now, block_table_count(b->table), __ATOMIC_RELAXED);
}

static void *run(void *context)
{
    const struct timespec pause = {.tv_nsec = ROUND_NS};
    struct blocks *b = context;

    while (!__atomic_load_n(&b->stop, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&b->lock);
        look(b, monotonic_ns());
        pthread_mutex_unlock(&b->lock);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

int blocks_start(struct blocks *b, struct error *error)
{
    const struct confine_thread options = {.who = CONFINED_BLOCKS,
                                           .capabilities = rights_for_bpf(),
                                           .name = "blocks",
                                           .slack_ns = SLACK_NS};
    int status = confine_start(&b->thread, &options, run, b, error);

    b->runs = status == 0;
    return status;
}

void blocks_close(struct blocks *b)
{
    if (!b)
        return;
    __atomic_store_n(&b->stop, true, __ATOMIC_RELEASE);
    if (b->runs)
        pthread_join(b->thread, NULL);
    for (uint32_t i = 0; b->accuser && i < b->options.workers; i++) {
        free(b->accuser[i].ring);
        free(b->accuser[i].handshakes);
    }
    free(b->accuser);
    ring_buffer__free(b->told);
    free(b->proofs);
    free(b->allowed);
    block_table_free(b->table);
    blocked_close(&b->map);
    pthread_mutex_destroy(&b->lock);
    free(b);
}
