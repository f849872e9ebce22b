// SPDX-License-Identifier: BSD-2-Clause
/* An attachment in full, and the swap. Private to engine/attach. */
#ifndef AFXDP_ATTACHMENT_H
#define AFXDP_ATTACHMENT_H

#include "leftover.h"

struct xdp_program;

struct attachment {
    struct xdp_attachment seen; /* first */
    bool attached;
    bool committed;
    bool swapped; /* into a leftover's place, rather than after it was taken off */
    struct bpf_object *object;
    struct bpf_program *program;
    struct xdp_program *joined;
    struct xdp_claim *claim; /* ours to close; NULL where the caller has it */
    struct xdp_marker marker;
    int marker_map;
    struct xdp_place place; /* where the program goes; its descriptor is the object's */
    struct leftover leftover;
    struct xdp_pins pins;
};

/* Puts the program on the interface, in the leftover's place where there is one, and pins what
 * stays. After a failure what was there is there again. */
int attachment_put(struct attachment *a);

/* Takes it off again and puts back what was there; a dispatcher's program is only taken out. */
int attachment_undo(struct attachment *a);

#endif
