// SPDX-License-Identifier: BSD-2-Clause
/* How an event looks: one line of JSON, with the fields that Suricata's have, in their order. */
#ifndef AFXDP_EVE_TEXT_H
#define AFXDP_EVE_TEXT_H

#include "day_clock.h"
#include "eve_record.h"
#include "flow_table.h"
#include "host_thresholds.h"
#include "policy.h"

enum {
    EVE_LINE_MAX = 8192,
    COMMUNITY_ID_SIZE = 32, /* "1:" and 28 letters of base64 */
    EVE_TIME_SIZE = 40,
};

/* What all events of a run have in common. */
struct eve_names {
    const char *interface; /* NULL: a capture, which has no queue either */
    uint16_t community_seed;
    uint32_t model; /* its checksum; 0: none */
    struct day_clock clock;
    uint32_t class_count;
    char slot[SLOTS][CLASS_NAME_SIZE];
    struct flow_seed seed; /* of flow_id */
    struct host_thresholds thresholds;
};

void eve_names_init(struct eve_names *names, const struct policy *policy);

/* "2026-11-27T12:00:00.123456+0000" of ns since 1970. */
void eve_time(char text[EVE_TIME_SIZE], uint64_t time);

/* Version 1 of the Community ID of a flow (github.com/corelight/community-id-spec). */
void eve_community_id(char text[COMMUNITY_ID_SIZE], const struct eve_flow *flow, uint16_t seed);

/* The line, its end included; its length. */
size_t eve_text(const struct eve_names *names, char line[EVE_LINE_MAX],
                const struct eve_record *record);

#endif
