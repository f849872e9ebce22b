// SPDX-License-Identifier: BSD-2-Clause
/* --allow and --deny: the one rule, for every program (BPF-safe).
 *
 * It looks at both addresses of whatever has a whole IP header, be it malformed behind it. What an
 * allowed prefix holds is never touched, before what a denied one holds is dropped. */
#ifndef AFXDP_ADDRESS_LISTS_H
#define AFXDP_ADDRESS_LISTS_H

#include "packet.h"
#include "prefix_set.h"

enum address_list {
    LIST_ALLOW,
    LIST_DENY,
    ADDRESS_LISTS,
};

enum listed {
    LISTED_NOWHERE,
    LISTED_ALLOWED,
    LISTED_DENIED,
};

struct address_pair {
    struct prefix_address source;
    struct prefix_address destination;
};

ALWAYS_INLINE uint64_t address_from_wire64(uint64_t wire)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_bswap64(wire);
#else
    return wire;
#endif
}

/* The addresses of the IP header at `network`, of that EtherType; whether it is whole. */
ALWAYS_INLINE bool address_pair_load(struct address_pair *pair, uint16_t ethertype,
                                     const uint8_t *network, const uint8_t *end)
{
    *pair = (struct address_pair){.source = {.version = 4}, .destination = {.version = 4}};
    if (ethertype == ETHERTYPE_IPV4) {
        if (network + 20 > end || network[0] >> 4 != 4)
            return false;
        pair->source.high = address_from_wire64(load_wire64(network + 12)) >> 32 << 32;
        pair->destination.high = address_from_wire64(load_wire64(network + 12)) << 32;
        return true;
    }
    if (ethertype != ETHERTYPE_IPV6 || network + 40 > end || network[0] >> 4 != 6)
        return false;
    pair->source = (struct prefix_address){address_from_wire64(load_wire64(network + 8)),
                                           address_from_wire64(load_wire64(network + 16)), 6};
    pair->destination = (struct prefix_address){address_from_wire64(load_wire64(network + 24)),
                                                address_from_wire64(load_wire64(network + 32)), 6};
    return true;
}

/* The same of what the parser has read of a packet; it reads them first. */
ALWAYS_INLINE bool address_pair_of(struct address_pair *pair, const struct packet *packet)
{
    /* A copy of its own: which version it is must not stay known to the verifier behind this, or it
     * walks all that follows twice. */
    uint32_t version = *(const volatile uint8_t *)&packet->version;

    *pair = (struct address_pair){
        .source = {address_from_wire64(packet->source[0]), address_from_wire64(packet->source[1]),
                   version},
        .destination = {address_from_wire64(packet->destination[0]),
                        address_from_wire64(packet->destination[1]), version},
    };
    return version != 0;
}

/* Whether either address lies in the set; no set: no. */
ALWAYS_INLINE bool address_pair_is_in(const void *set, prefix_set_at *at,
                                      const struct address_pair *pair)
{
    return set &&
           (prefix_set_has(set, at, &pair->source) || prefix_set_has(set, at, &pair->destination));
}

ALWAYS_INLINE enum listed address_lists_say(const void *allowed, const void *denied,
                                            prefix_set_at *at, const struct address_pair *pair)
{
    if (address_pair_is_in(allowed, at, pair))
        return LISTED_ALLOWED;
    return address_pair_is_in(denied, at, pair) ? LISTED_DENIED : LISTED_NOWHERE;
}

#endif
