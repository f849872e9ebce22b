// SPDX-License-Identifier: BSD-2-Clause
/* A program of ours that an ended engine left on an interface: found, taken off, put back. Private
 * to engine/attach. */
#ifndef AFXDP_LEFTOVER_H
#define AFXDP_LEFTOVER_H

#include "attach.h"
#include "attached.h"
#include "pins.h"

/* How a program is on an interface. */
struct xdp_place {
    int ifindex;
    enum xdp_means means; /* XDP_MEANS_AUTO: not at all */
    bool skb;
    int program; /* its descriptor, or -1; of a dispatcher, the dispatcher's */
    int link;    /* of XDP_MEANS_LINK, or -1 */
};

struct leftover {
    struct xdp_leftover what;
    struct xdp_place place;
    int marker; /* or -1 */
    bool alone; /* behind a dispatcher: nobody else's program is there */
};

/* Looks; nothing changes. `means` stays XDP_MEANS_AUTO where nothing of ours is on the interface;
 * what is there then, another's program or none, *attached tells. 0 or -errno. */
int xdp_leftover_find(struct leftover *leftover, int ifindex, const struct xdp_pins *pins,
                      struct xdp_attached *attached);

/* Whether a bpf_link, pinned or not, holds a program on the interface; needs CAP_SYS_ADMIN. */
bool xdp_has_link(int ifindex);

void xdp_leftover_forget(struct leftover *leftover); /* closes its descriptors */

/* One program in the other's place without a moment between; both by link or both by netlink, in
 * one mode. The link goes to the new place. */
bool xdp_place_can_swap(const struct xdp_place *old, const struct xdp_place *new);
int xdp_place_swap(struct xdp_place *old, struct xdp_place *new);

/* Onto an interface that has no program, and off again. */
int xdp_place_put(struct xdp_place *place);
int xdp_place_take(struct xdp_place *place);

#endif
