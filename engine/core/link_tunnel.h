// SPDX-License-Identifier: BSD-2-Clause
/* From a frame of any link type to its innermost packet. */
#ifndef AFXDP_LINK_TUNNEL_H
#define AFXDP_LINK_TUNNEL_H

#include "port.h"
#include "tunnel.h"

/* As link_parse, and goes into the tunnels that the options name. Tunnels without IP around them
 * (MPLS, PPPoE, PBB) are looked for where the link header names them by an EtherType. */
enum packet_kind link_parse_tunnels(const struct frame *frame, const struct tunnel_options *options,
                                    struct packet *packet);

#endif
