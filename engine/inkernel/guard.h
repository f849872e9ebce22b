// SPDX-License-Identifier: BSD-2-Clause
/* The program that is attached on a port of the kernel datapath (guard.bpf.c).
 *
 * guard_open loads it, and xdp_attach attaches it: without a model packets pass, cross or drop as
 * asked. guard_set_program puts a model in, before or after, or another in its place. However the
 * process ends, the model is gone with it. */
#ifndef AFXDP_GUARD_H
#define AFXDP_GUARD_H

#include "attach.h"
#include "guard_abi.h"

struct guard_options {
    const char *interface;
    struct xdp_claim *claim; /* as of xdp_prepare */
    int other_ifindex;       /* of GUARD_CROSS */
    enum guard_without without;
    bool stay; /* the guard, not the model, outlives the process */
    bool skb;
    bool frags;
    bool leaving;               /* packets come from another interface's stack and leave by a port:
                                 * completes checksums, puts in VLAN tags that are kept aside; not
                                 * in generic mode, which keeps both with the packet */
    const struct guard *beside; /* has the same model, in one array; NULL: none */
};

struct guard;

/* Errors as of xdp_prepare. */
int guard_open(struct guard **out, const struct guard_options *options, struct error *error);

/* NULL: tags are put in as asked; else why not. */
const char *guard_lacks_tags(const struct guard *guard);

struct xdp_attachment *guard_attachment(const struct guard *guard);

/* From now on packets go to this program, those of guards beside this one too; it takes frames of
 * several buffers if and only if the attachment does. Between two packets; nobody waits. */
int guard_set_program(struct guard *guard, int program, struct error *error);

/* As before the first program. A packet may still be in the former when this returns. */
void guard_clear_program(struct guard *guard);

void guard_close(struct guard *guard); /* detaches and frees; takes NULL */
void guard_leave(struct guard *guard); /* frees; a guard that stays, stays, without a model */

#endif
