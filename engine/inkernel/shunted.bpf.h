// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The map of shunted flows: who is in it goes by without being judged, but for a packet now and
 * then (shunt.h). It ends with RST, FIN or silence, or when others are shunted who were seen later.
 */
#ifndef AFXDP_SHUNTED_BPF_H
#define AFXDP_SHUNTED_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "shunt.h"

/* Not made without shunts. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1);
    __type(key, struct flow_key);
    __type(value, struct shunt);
} shunted_flows SEC(".maps");

/* What becomes of a packet of this flow, which lies in the map: see shunt_meet. */
ALWAYS_INLINE enum shunt_answer shunted_meet(const struct flow_key *key, struct shunt *shunt,
                                             uint64_t now, uint64_t length, bool finishes,
                                             uint64_t every, uint64_t ns)
{
    enum shunt_answer answer = shunt_meet(shunt, now, length, finishes, every, ns);

    if (answer == SHUNT_FINISHED || answer == SHUNT_SILENT)
        bpf_map_delete_elem(&shunted_flows, key);
    return answer;
}

#endif
