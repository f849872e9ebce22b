// SPDX-License-Identifier: BSD-2-Clause
/* A flow's key as people and their tools write it: Suricata's words. */
#ifndef AFXDP_FLOW_TEXT_H
#define AFXDP_FLOW_TEXT_H

#include <stdbool.h>

#include "flow.h"

enum {
    FLOW_TEXT_ADDRESS = 46,
    FLOW_TEXT_PROTOCOL = 16,
};

/* A flow from its initiator's side. */
struct flow_text {
    char source[FLOW_TEXT_ADDRESS];
    char destination[FLOW_TEXT_ADDRESS];
    char protocol[FLOW_TEXT_PROTOCOL]; /* "TCP", "IPv6-ICMP", or the number */
    uint16_t source_port, destination_port;
    bool has_ports;
};

void flow_text_of(struct flow_text *text, const struct flow_key *key, bool initiator_is_low);

/* An address as it stands in a key. */
void flow_text_address(char text[FLOW_TEXT_ADDRESS], const uint64_t address[2], uint32_t version);

#endif
