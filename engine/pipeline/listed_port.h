// SPDX-License-Identifier: BSD-2-Clause
/* A port in front of another that keeps from the pipeline what --allow and --deny name, as the XDP
 * programs do on an interface. One thread; the other port stays the caller's. */
#ifndef AFXDP_LISTED_PORT_H
#define AFXDP_LISTED_PORT_H

#include "address_lists.h"
#include "port.h"

struct listed_port {
    struct port port;
    struct port *in;
    const union prefix_element *set[ADDRESS_LISTS]; /* NULL: an empty list */
    uint64_t allowed, denied;                       /* frames; given back to the other port */
};

void listed_port_init(struct listed_port *listed, struct port *in);

#endif
