// SPDX-License-Identifier: BSD-2-Clause
/* The passing program on a port that only sends (see pass.bpf.c). */
#ifndef AFXDP_PASS_H
#define AFXDP_PASS_H

#include "attach.h"

struct pass;

/* Loads it, for xdp_attach to attach; claim and errors as of xdp_prepare. `stay`: it outlives the
 * process. */
int pass_open(struct pass **out, const char *interface, struct xdp_claim *claim, bool skb,
              bool stay, struct error *error);

struct xdp_attachment *pass_attachment(const struct pass *pass);

void pass_close(struct pass *pass); /* detaches and frees; takes NULL */
void pass_leave(struct pass *pass); /* frees; a program that stays, stays */

#endif
