// SPDX-License-Identifier: BSD-2-Clause
/* Puts an XDP program of ours on an interface and takes it off again.
 *
 *   opened object ── xdp_prepare ──► loaded, maps can be filled ── xdp_attach ──► it runs
 *                                                                  xdp_detach ──► as it was
 *
 * The ways, best first (`means`): a bpf_link, which dies with the process unless it is pinned;
 * libxdp, where its dispatcher is already attached, which then also runs ours; netlink, on
 * kernels before 5.9, whose programs outlive their process.
 *
 * One engine has an interface at a time, enforced by a claim that ends with the process, so a
 * program of ours that is found there is a leftover: it is replaced, by bpf_link without a moment
 * between the two programs. Another's program is never touched: xdp_prepare says what is there and
 * fails with -EBUSY. Ours are known by the map "afxdp_engine" that every one of them holds.
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

struct xdp_request {
    const char *interface;
    struct bpf_object *object; /* opened, not loaded; stays the caller's */
    const char *program;       /* name of the object's entry program */
    bool skb;                  /* generic mode, only because the user asked for it */
    bool stay;  /* go on without the process: inline fail open, or closed. Needs a bpffs */
    bool frags; /* the program can take frames of several buffers */
    enum xdp_means means; /* XDP_MEANS_AUTO, or XDP_MEANS_NETLINK to do as before kernel 5.9 */
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
    bool replaced;    /* a leftover of ours gave way */
    char notice[256]; /* something the user should know; empty when there is nothing */

    /* private from here */
    bool attached;
    struct bpf_object *object;
    struct bpf_program *program;
    struct xdp_program *joined;
    int claim;
    int link;
    int marker;
    char pin[128];
};

/* Claims the interface, looks at what is attached, and loads the object. Its maps have descriptors
 * afterwards and can be filled, so that the program's first packet finds them complete. Its
 * programs have descriptors too, except behind a dispatcher (`loaded` is false), where libxdp loads
 * them during xdp_attach.
 *
 * -ENODEV: no such interface. -EBUSY: another engine or another's program has it. -EPERM: a
 * capability is missing. -ENOTDIR: `stay`, but no bpffs. Other -errno from loading. */
int xdp_prepare(struct xdp_attachment **out, const struct xdp_request *request,
                struct error *error);

/* Attaches. -EOPNOTSUPP: the driver has no native XDP. */
int xdp_attach(struct xdp_attachment *attachment, struct error *error);

int xdp_revert(struct xdp_attachment *attachment, struct error *error);
void xdp_commit(struct xdp_attachment *attachment);

/* The descriptor of the entry program; after xdp_attach. */
int xdp_program_fd(const struct xdp_attachment *attachment);

/* Takes the program off if it was attached, gives the claim back and frees. Takes NULL. With a
 * bound AF_XDP socket this comes before closing the socket. */
void xdp_detach(struct xdp_attachment *attachment);

/* Frees, but leaves a program that stays where it is: traffic keeps crossing until the next start.
 * A program that doesn't `stay` ends as with xdp_detach. */
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
