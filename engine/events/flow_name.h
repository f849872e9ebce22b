// SPDX-License-Identifier: BSD-2-Clause
/* How a flow is named where one is asked for: tcp/10.0.0.1:51234-10.0.0.2:22,
 * udp/[::1]:53-[::2]:53, icmp/10.0.0.1-10.0.0.2; from either side. */
#ifndef AFXDP_FLOW_NAME_H
#define AFXDP_FLOW_NAME_H

#include "error.h"
#include "flow_text.h"

struct flow_name {
    char address[2][FLOW_TEXT_ADDRESS];
    uint16_t port[2];
    char protocol[FLOW_TEXT_PROTOCOL];
};

/* -EINVAL with one line. */
int flow_name_parse(struct flow_name *name, const char *text, struct error *error);

/* Whether a key is of that name; several are, where tags or tunnels tell flows apart. */
bool flow_name_is_of(const struct flow_name *name, const struct flow_key *key);

#endif
