// SPDX-License-Identifier: BSD-2-Clause
/* A row of --verdicts: what became of one packet, as CSV.
 *
 *     index,class,confidence,action,queue,time,src_ip,src_port,dest_ip,dest_port,proto
 *
 * `index` counts the packets of its queue from 0 (a capture is one queue), `time` is in seconds
 * since 1970, addresses and ports are the packet's, in a tunnel that was opened the inner one's;
 * `proto` is Suricata's word. Packets without a verdict have the class `other` or `malformed` and
 * no confidence, no addresses and no ports; protocols without ports have no ports. Without a model
 * the class is "unclassified", and there is no confidence. */
#ifndef AFXDP_VERDICT_ROW_H
#define AFXDP_VERDICT_ROW_H

#include "day_clock.h"
#include "pipeline.h"

#define VERDICT_ROW_HEADER                                                                         \
    "index,class,confidence,action,queue,time,src_ip,src_port,dest_ip,dest_port,proto\n"

enum { VERDICT_ROW_MAX = 256 }; /* bytes of a row, its end and a NUL included */

struct verdict_record {
    uint64_t index;      /* of the packet, among those of its queue */
    uint64_t time;       /* ns */
    struct flow_key key; /* of an IP packet */
    uint16_t confidence;
    uint16_t queue;
    uint8_t slot;
    uint8_t action;
    bool classified; /* the packet is IP, and has a verdict */
    bool from_low;   /* see flow_key_of */
};

_Static_assert(sizeof(struct verdict_record) == 64, "a cache line");

/* How a row looks: the names of the classes, whether they have a confidence, and the clock. */
struct verdict_rows {
    char name[SLOTS][CLASS_NAME_SIZE];
    bool classified; /* there is a model */
    struct day_clock clock;
};

/* `day_times`: packets' times are of the day already. */
void verdict_rows_init(struct verdict_rows *rows, const struct policy *policy, bool classified,
                       bool day_times);

/* Prints a packet's row into `row` (VERDICT_ROW_MAX); its length. */
size_t verdict_row_print(const struct verdict_rows *rows, char *row,
                         const struct verdict_record *record);

/* Frame `i` of a burst, whose first has that index; `ip` is the next packet of those that are IP,
 * and goes on behind this one. */
ALWAYS_INLINE void verdict_record_of_burst(struct verdict_record *record, const struct burst *burst,
                                           uint32_t i, uint32_t *ip, uint64_t first, uint16_t queue)
{
    bool classified = *ip < burst->ip_count && burst->place[*ip] == i;

    record->index = first + i;
    record->time = burst->frames[i].time;
    record->queue = queue;
    record->slot = burst->slot[i];
    record->action = burst->action[i];
    record->classified = classified;
    if (!classified)
        return;
    record->key = burst->keys[*ip];
    record->confidence = burst->verdicts[*ip].confidence;
    record->from_low = burst->from_low[*ip];
    (*ip)++;
}

#endif
