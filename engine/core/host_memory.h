// SPDX-License-Identifier: BSD-2-Clause
/* The host memory: what the hosts of a machine's traffic have been doing in the last 9 to 17
 * seconds, in four tables without keys (BPF-safe; docs/design.md, "The host memory").
 *
 *     initiators   of a host that begins flows: how many, answered, completed; distinct peers,
 * ports responders   of a host that is asked: the same; refusals, new initiators; distinct sources
 *     pairs        of an initiator and a responder: flows, distinct ports
 *     services     of a responder, protocol and port: flows, completed
 *
 * A cell is found by a keyed hash. Who shares a cell adds to each other's numbers; flows are never
 * merged. A table has one row of cells or two: a host then has a cell in each, and of two values
 * the smaller counts. All threads, or all CPUs in the kernel, share one memory. */
#ifndef AFXDP_HOST_MEMORY_H
#define AFXDP_HOST_MEMORY_H

#include "flow_table.h"
#include "host_word.h"

enum {
    HOST_NUMBER_BITS = 24, /* of a cell's number, from which its place in either row follows */
    HOST_ROWS_MAX = 2,
    HOST_CELLS_LEAST = 1 << 10, /* of a row */
    HOST_CELLS_DEFAULT = 1 << 16,
    HOST_CELLS_MOST = 1 << 22,
    HOST_BACK_S = 17, /* a packet so many seconds older sets the time back */
};

#define HOST_NUMBER_MASK ((1u << HOST_NUMBER_BITS) - 1)

/* Words of the even and of the odd windows. The counters of `flows`: begun, answered, completed. */
struct host_initiator {
    uint64_t flows[2];
    uint64_t peers[2];
    uint64_t ports[2];
    uint64_t zero[2];
};

struct host_responder {
    uint64_t flows[2];
    uint64_t refusals[2]; /* refused, begun by new initiators */
    uint64_t sources[2];
    uint64_t zero[2];
};

struct host_pair {
    uint64_t flows[2];
    uint64_t ports[2];
};

struct host_service {
    uint64_t flows[2];
};

_Static_assert(sizeof(struct host_initiator) == 64 && sizeof(struct host_responder) == 64 &&
                   sizeof(struct host_pair) == 32 && sizeof(struct host_service) == 16,
               "no cell lies in two cache lines");

enum host_flow_counter {
    HOST_BEGUN = HOST_FIRST,
    HOST_ANSWERED = HOST_SECOND,
    HOST_COMPLETED = HOST_THIRD
};
enum host_refusal_counter { HOST_REFUSED = HOST_FIRST, HOST_NEW = HOST_SECOND };

/* Of host_count. */
enum {
    HOST_BEGUN_SHIFT = 0,
    HOST_ANSWERED_SHIFT = 16,
    HOST_COMPLETED_SHIFT = 32,
    HOST_REFUSED_SHIFT = 0,
    HOST_NEW_SHIFT = 16
};

/* A flow's cells in one row. */
struct host_cells {
    struct host_initiator *initiator;
    struct host_responder *responder;
    struct host_pair *pair;
    struct host_service *service;
};

/* Numbers of a flow's cells. */
struct host_numbers {
    uint32_t initiator;
    uint32_t responder;
    uint32_t pair;
    uint32_t service;
};

/* What the memory keeps of a flow that begins. */
struct host_identity {
    struct host_numbers numbers;
    uint32_t source_bit; /* of the initiator, in its responder's map */
    uint32_t peer_bit;   /* of the responder, in its initiator's map */
    uint32_t port_bit;   /* of protocol and port, in both maps of ports */
};

/* Keys of the hash. */
struct host_seed {
    uint32_t word[8];
};

/* The same sequence as flow_seed_make's, from where that ends. */
ALWAYS_INLINE void host_seed_make(struct host_seed *seed, uint64_t value)
{
    struct flow_seed first;

    value = flow_seed_words(first.word, 2 * FLOW_KEY_WORDS, value);
    flow_seed_words(seed->word, 8, value);
}

/* NH, as in flow_hash. */
ALWAYS_INLINE uint64_t host_hash(const struct host_seed *seed, const uint64_t address[2],
                                 uint32_t realm)
{
    const uint32_t *k = seed->word;

    return flow_hash_finish(
        (uint64_t)((uint32_t)address[0] + k[0]) * ((uint32_t)(address[0] >> 32) + k[1]) +
        (uint64_t)((uint32_t)address[1] + k[2]) * ((uint32_t)(address[1] >> 32) + k[3]) +
        (uint64_t)(realm + k[4]) * k[5]);
}

ALWAYS_INLINE uint64_t host_port_hash(const struct host_seed *seed, uint32_t protocol,
                                      uint32_t port)
{
    return flow_hash_finish((uint64_t)((protocol << 16 | port) + seed->word[6]) * seed->word[7]);
}

ALWAYS_INLINE uint32_t host_bit(uint64_t hash)
{
    return (uint32_t)((hash >> 32) * HOST_MAP_BITS >> 32);
}

/* Of a flow with this key, begun by its low endpoint or by the other. */
ALWAYS_INLINE struct host_identity host_identify(const struct host_seed *seed,
                                                 const struct flow_key *key, bool initiator_is_low)
{
    uint64_t low = host_hash(seed, key->low_address, flow_key_realm(key));
    uint64_t high = host_hash(seed, key->high_address, flow_key_realm(key));
    uint64_t initiator = initiator_is_low ? low : high;
    uint64_t responder = initiator_is_low ? high : low;
    uint64_t port =
        host_port_hash(seed, flow_key_protocol(key),
                       initiator_is_low ? flow_key_high_port(key) : flow_key_low_port(key));

    return (struct host_identity){
        .numbers = {.initiator = (uint32_t)initiator & HOST_NUMBER_MASK,
                    .responder = (uint32_t)responder & HOST_NUMBER_MASK,
                    .pair =
                        (uint32_t)flow_hash_finish(initiator + 2 * responder) & HOST_NUMBER_MASK,
                    .service = (uint32_t)flow_hash_finish(responder + port) & HOST_NUMBER_MASK},
        .source_bit = host_bit(initiator),
        .peer_bit = host_bit(responder),
        .port_bit = host_bit(port)};
}

/* Cells of a row that is to have so many at least: a power of two. */
ALWAYS_INLINE uint32_t host_cells_for(uint32_t least)
{
    uint32_t cells = 1;

    while (cells < least)
        cells *= 2;
    return cells;
}

/* Where a cell lies in a table of `rows` × `cells`, a power of two. Cells that share their place in
 * row 0 hardly ever share it in row 1. */
ALWAYS_INLINE uint32_t host_place(uint32_t number, uint32_t row, uint32_t cells)
{
    if (row == 0)
        return number & (cells - 1);
    return cells + ((number * 0x9e3779b1u >> 8) & (cells - 1));
}

/* A worker's idea of now, ns: the latest packet time it has seen. Captures go back in time now and
 * then, but one bogus stamp must not hold the memory for good. */
ALWAYS_INLINE uint64_t host_time(uint64_t latest, uint64_t time)
{
    bool back = time <= latest && latest - time <= HOST_BACK_S * UINT64_C(1000000000);

    return back ? latest : time;
}

/* Whether the initiator, as far as this row knows, has begun no flow lately. */
ALWAYS_INLINE bool host_is_new(const struct host_cells *cells, uint32_t window)
{
    return host_count(host_words_read(cells->initiator->flows, window), HOST_BEGUN_SHIFT) == 0;
}

/* Changes, in one row, each with the flow's `sample` (flow_sample). All return how many changes of
 * words were left out, see host_words_raise. */

ALWAYS_INLINE uint32_t host_begin(const struct host_cells *cells,
                                  const struct host_identity *identity, uint32_t window,
                                  bool is_new, uint32_t sample)
{
    uint32_t left_out = host_words_raise(cells->initiator->flows, window, HOST_BEGUN, sample) +
                        host_words_mark(cells->initiator->peers, window, identity->peer_bit) +
                        host_words_mark(cells->initiator->ports, window, identity->port_bit) +
                        host_words_raise(cells->responder->flows, window, HOST_BEGUN, sample) +
                        host_words_mark(cells->responder->sources, window, identity->source_bit) +
                        host_words_raise(cells->pair->flows, window, HOST_BEGUN, sample) +
                        host_words_mark(cells->pair->ports, window, identity->port_bit) +
                        host_words_raise(cells->service->flows, window, HOST_BEGUN, sample);

    if (is_new)
        left_out += host_words_raise(cells->responder->refusals, window, HOST_NEW, sample);
    return left_out;
}

/* Of a flow that began in the window `begun`. `counters`: HOST_ANSWERED, HOST_COMPLETED or both. */
ALWAYS_INLINE uint32_t host_follow(const struct host_cells *cells, uint32_t begun,
                                   uint32_t counters, uint32_t sample)
{
    uint32_t left_out = host_words_raise_then(cells->initiator->flows, begun, counters, sample) +
                        host_words_raise_then(cells->responder->flows, begun, counters, sample);

    if (counters & HOST_COMPLETED)
        left_out += host_words_raise_then(cells->service->flows, begun, HOST_COMPLETED, sample);
    return left_out;
}

ALWAYS_INLINE uint32_t host_refuse(struct host_responder *responder, uint32_t window,
                                   uint32_t sample)
{
    return host_words_raise(responder->refusals, window, HOST_REFUSED, sample);
}

/* Whether a reader in `window` can still see what was counted in the window `begun`. */
ALWAYS_INLINE bool host_window_is_readable(uint32_t begun, uint32_t window)
{
    return begun + 1 - window <= 3;
}

#endif
