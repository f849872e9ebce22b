// SPDX-License-Identifier: BSD-2-Clause
/* Puts an XDP program of ours on an interface and takes it off again, as a transaction:
 *
 *   opened object ── xdp_prepare ──► loaded, maps can be filled          the wire is as it was
 *                    xdp_attach  ──► it runs, in a leftover's place      one swap
 *                    xdp_commit  ──► the leftover is let go of           can't fail
 *                    xdp_detach  ──► nothing is there; before xdp_commit: what was there before
 *
 * With two ports: prepare both, attach both, and commit both once nothing can fail any more.
 * Whatever fails before, xdp_revert (or xdp_detach) puts each port back: bare, or with the leftover
 * at work and pinned as it was. A failed xdp_prepare or xdp_attach has changed nothing itself.
 *
 * The ways, best first (`means`): a bpf_link, which dies with the process unless it is pinned;
 * libxdp, where its dispatcher is already attached, which then also runs ours; netlink, on
 * kernels before 5.9, whose programs outlive their process.
 *
 * One engine has an interface at a time, enforced by a claim that ends with the process, so a
 * program of ours that is found there is a leftover: it is replaced. There is no moment between the
 * two programs where both are there by bpf_link, or both by netlink, in one mode. Behind a
 * dispatcher the leftover runs first until xdp_commit. Otherwise (native to generic and back,
 * netlink to link) the kernel has room for one only: the interface is bare for the moment that
 * taking off and putting on takes, also when fail-closed. Another's program is never touched:
 * xdp_prepare says what is there and fails with -EBUSY. Ours are known by the map "afxdp_engine"
 * that every one of them holds.
 *
 * Needs CAP_BPF and CAP_NET_ADMIN; recognising another's program or a netlink leftover also needs
 * CAP_SYS_ADMIN. For set-up: one thread at a time. */
#ifndef AFXDP_ATTACH_H
#define AFXDP_ATTACH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include <bpf/libbpf.h>

#include "error.h"

enum xdp_means {
    XDP_MEANS_AUTO,
    XDP_MEANS_LINK,
    XDP_MEANS_DISPATCHER,
    XDP_MEANS_NETLINK,
};

struct xdp_claim;

struct xdp_request {
    const char *interface;
    struct xdp_claim *claim; /* the interface's, stays the caller's; NULL: xdp_prepare claims it */
    struct bpf_object *object; /* opened, not loaded; stays the caller's */
    const char *program;       /* name of the object's entry program */
    bool skb;                  /* generic mode, only because the user asked for it */
    bool stay;  /* go on without the process: inline fail open, or closed. Needs a bpffs */
    bool frags; /* the program can take frames of several buffers */
    enum xdp_means means; /* XDP_MEANS_AUTO, or XDP_MEANS_NETLINK to do as before kernel 5.9 */

    /* What it does while no engine serves it, for the next start to know. */
    bool fail_closed;
    int other_ifindex; /* what it crosses to; 0: a single port, it passes to the host */
};

/* A program that an ended engine left. */
struct xdp_leftover {
    enum xdp_means means; /* XDP_MEANS_AUTO: there is none */
    bool skb;
    bool known;       /* false: what follows couldn't be read (needs CAP_SYS_ADMIN) */
    bool fail_closed; /* it drops what an engine would have classified */
    int other_ifindex;
};

/* Read-only for callers. */
struct xdp_attachment {
    char interface[IF_NAMESIZE];
    int ifindex;
    enum xdp_means means; /* the way taken, final after xdp_attach */
    bool skb;
    bool stay;
    bool frags;       /* it does take frames of several buffers */
    bool loaded;      /* between xdp_prepare and xdp_attach: programs have descriptors already */
    bool replaced;    /* a leftover of ours gives way */
    char notice[256]; /* something the user should know; empty when there is nothing */
    struct xdp_leftover leftover; /* what was there before */
};

/* Claims the interface, looks at what is attached, and loads the object; nothing on the wire
 * changes. Pins of interfaces that are gone are cleared away. The object's maps have descriptors
 * afterwards and can be filled, so that the program's first packet finds them complete. Its
 * programs have descriptors too, except behind a dispatcher (`loaded` is false), where libxdp loads
 * them during xdp_attach.
 *
 * -ENODEV: no such interface. -EBUSY: another engine or another's program has it. -EPERM: a
 * capability is missing. -ENOTDIR: `stay`, but no bpffs. Other -errno from loading. */
int xdp_prepare(struct xdp_attachment **out, const struct xdp_request *request,
                struct error *error);

/* Puts it on the interface. -EOPNOTSUPP: the driver has no native XDP. After a failure what was
 * there is there again. */
int xdp_attach(struct xdp_attachment *attachment, struct error *error);

/* Undoes xdp_attach: what was there before is there again, pinned where it was. Nothing to do
 * before xdp_attach and after xdp_commit. -errno: it could not be put back, and then the program
 * stays if a pin holds it (-EPERM: a leftover that isn't pinned can be read with CAP_SYS_ADMIN
 * only). */
int xdp_revert(struct xdp_attachment *attachment, struct error *error);

/* From here on xdp_detach leaves the interface bare: the leftover is gone for good. */
void xdp_commit(struct xdp_attachment *attachment);

/* What an ended engine left on the interface; looks only, and needs no claim. 0 or -errno. */
int xdp_leftover_query(struct xdp_leftover *out, int ifindex);

/* The descriptor of the entry program; after xdp_attach. */
int xdp_program_fd(const struct xdp_attachment *attachment);

/* Takes the program off if it was attached (before xdp_commit: reverts), gives the claim back and
 * frees. Takes NULL. With a bound AF_XDP socket this comes before closing the socket. */
void xdp_detach(struct xdp_attachment *attachment);

/* Frees, but leaves a program that stays where it is: traffic keeps crossing until the next start.
 * A program that doesn't `stay`, or isn't committed, ends as with xdp_detach. */
void xdp_leave(struct xdp_attachment *attachment);

/* "bpf_link", "libxdp", "netlink"; for reports. */
const char *xdp_means_name(enum xdp_means means);

/* Whether the running kernel is older than MAJOR.MINOR; what can't be probed is told by it. */
bool xdp_kernel_before(int major, int minor);

/* Whether the kernel knows XDP programs that take frames of several buffers (5.18). */
bool xdp_frags_known(void);

/* Where the bpffs is: $LIBXDP_BPFFS as with libxdp, else /sys/fs/bpf. */
const char *xdp_bpffs(void);

#endif
