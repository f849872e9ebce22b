// SPDX-License-Identifier: BSD-2-Clause
/* The programs on the ports of a run, put on and taken off as one.
 *
 * Whoever makes a program (redirect, guard, pass) owns its attachment; a wire only decides when it
 * is attached. */
#ifndef AFXDP_WIRE_H
#define AFXDP_WIRE_H

#include "attach.h"
#include "interfaces.h"

struct wire {
    const struct interfaces *nics;
    struct xdp_attachment *end[2]; /* by port */
    uint32_t ends;
};

/* The next port's program, loaded. */
void wire_add(struct wire *wire, struct xdp_attachment *attachment);

/* Attaches all, over what a killed engine left there. When one can't be, those before it are taken
 * back and the wire is as it was. Says what the user should know. */
int wire_attach(struct wire *wire, const struct afxdp_config *config, struct error *error);

#endif
