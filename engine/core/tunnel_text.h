// SPDX-License-Identifier: BSD-2-Clause
/* The texts of --tunnels and --flow-key. */
#ifndef AFXDP_TUNNEL_TEXT_H
#define AFXDP_TUNNEL_TEXT_H

#include "error.h"
#include "tunnel.h"

/* The identifiers of tunnels are part of a flow's key unless asked otherwise. */
#define TUNNEL_OPTIONS_DEFAULT                                                                     \
    {                                                                                              \
        .kinds = 0, .key = TUNNEL_KEY_TUNNEL                                                       \
    }

#define TUNNELS_HELP                                                                               \
    "open these tunnels, the innermost packet counts: none, auto\n"                                \
    "(all), or some of vxlan, vxlan-gpe, geneve, gre, nvgre,\n"                                    \
    "erspan, ip, gtp, mpls, pppoe, pbb, with commas"

#define FLOW_KEY_HELP                                                                              \
    "what makes flows different beside addresses, ports and\n"                                     \
    "protocol: none, or some of tunnel (VNI, key, TEID, label),\n"                                 \
    "vlan, interface (that a packet was seen on)"

/* -EINVAL for a name that is none. */
int tunnel_parse_kinds(struct tunnel_options *options, const char *text, struct error *error);
int tunnel_parse_key(struct tunnel_options *options, const char *text, struct error *error);

#endif
