// SPDX-License-Identifier: BSD-2-Clause
/* Where a program that stays keeps what outlives its engine: a folder of ours in a bpffs. Private
 * to engine/attach.
 *
 * A bpffs lets everybody make folders in it, so a folder counts only if root or the engine's own
 * user made it and nobody else may write there; where somebody else took the name, another is made.
 * Without privileges nobody can keep an engine from pinning, nor remove or swap what it pinned. */
#ifndef AFXDP_PINS_H
#define AFXDP_PINS_H

#include <limits.h>

#include "error.h"

/* The bpf_link, the program behind it, which it could otherwise not be asked for without
 * CAP_SYS_ADMIN, and the marker, which says what the program does. */
enum xdp_pin { XDP_PIN_LINK, XDP_PIN_PROGRAM, XDP_PIN_MARKER, XDP_PINS };

struct xdp_pins {
    char folder[PATH_MAX - 80]; /* "": there is none of ours yet */
    char name[48];              /* of the interface, as of its claim */
    int held;                   /* the folder, opened by xdp_pins_make; -1: not */
};

/* Looks for the folder. Clears pins away whose interface is gone. */
void xdp_pins_find(struct xdp_pins *pins, int ifindex);

/* Makes the folder where there is none, and holds it, so that the pins can be removed by somebody
 * who no longer may look into the bpffs. -ENOTDIR: no bpffs. -EPERM: one in which others could move
 * it away. Others of mkdir. */
int xdp_pins_make(struct xdp_pins *pins, struct error *error);

/* A descriptor, or -errno. */
int xdp_pins_get(const struct xdp_pins *pins, enum xdp_pin which);

/* Pins the descriptor in place of what was there. */
int xdp_pins_put(struct xdp_pins *pins, enum xdp_pin which, int fd);

/* Removes the folder where nothing is pinned; xdp_pins_put makes it again. */
void xdp_pins_tidy(const struct xdp_pins *pins);

/* Removes the interface's pins, and the folder after the last. */
void xdp_pins_remove(const struct xdp_pins *pins);

/* Lets go of the folder. */
void xdp_pins_close(struct xdp_pins *pins);

#endif
