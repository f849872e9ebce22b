// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Which packets the engine never touches, with the memory that fragments take: a datagram whose
 * first fragment was bypassed has its later ones bypassed too, for a short time.
 *
 * That opens no way for anything else. Only a packet that passes by itself makes an entry, which is
 * for the same two hosts, protocol and number; another first fragment of the same ends it, and a
 * later one can't hold ports. The map is bounded: where it forgets early, or fragments come before
 * the first, they are treated as any packet. */
#ifndef AFXDP_BYPASS_BPF_H
#define AFXDP_BYPASS_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "bypass.h"

enum { BYPASS_DATAGRAMS = 4096 };

#define BYPASS_FRAGMENTS_NS UINT64_C(2000000000) /* the parts of a datagram follow at once */

struct bypass_datagram {
    uint64_t source[2];
    uint64_t destination[2];
    uint32_t number;
    uint8_t protocol;
    uint8_t version;
    uint16_t zero;
};

/* Value: until when (ns, CLOCK_MONOTONIC). Not made without --bypass. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, BYPASS_DATAGRAMS);
    __type(key, struct bypass_datagram);
    __type(value, __u64);
} bypass_datagrams SEC(".maps");

ALWAYS_INLINE bool bypass_remembers(const struct bypass_datagram *datagram)
{
    const uint64_t *until = bpf_map_lookup_elem(&bypass_datagrams, datagram);

    return until && bpf_ktime_get_ns() < *until;
}

ALWAYS_INLINE void bypass_remember(const struct bypass_datagram *datagram)
{
    uint64_t until = bpf_ktime_get_ns() + BYPASS_FRAGMENTS_NS;

    (void)bpf_map_update_elem(&bypass_datagrams, datagram, &until, BPF_ANY);
}

/* Whether a fragment is bypassed: `named` says whether it is by itself. */
ALWAYS_INLINE bool bypass_applies_to_part(const struct packet *packet, uint32_t number,
                                          enum bypass_fragment fragment, bool named)
{
    struct bypass_datagram datagram = {
        .source = {packet->source[0], packet->source[1]},
        .destination = {packet->destination[0], packet->destination[1]},
        .number = number,
        .protocol = packet->protocol,
        .version = packet->version,
    };

    if (fragment == BYPASS_LATER)
        return named || bypass_remembers(&datagram);
    if (named)
        bypass_remember(&datagram);
    else
        (void)bpf_map_delete_elem(&bypass_datagrams, &datagram);
    return named;
}

/* Whether the frame, an IP packet that the parser has read, is never touched. */
ALWAYS_INLINE bool bypass_applies(const volatile struct bypass *bypass, const uint8_t *data,
                                  const uint8_t *end, const struct packet *packet)
{
    uint16_t type;
    uint32_t number;
    const uint8_t *network = packet_network(data, end, &type);

    if (!network)
        return false; /* can't be: for the verifier */
    bool named = bypass_names(bypass, packet) || bypass_needs(bypass, network, end, packet);
    enum bypass_fragment fragment = bypass_fragment(network, end, packet, &number);
    return fragment == BYPASS_WHOLE ? named
                                    : bypass_applies_to_part(packet, number, fragment, named);
}

#endif
