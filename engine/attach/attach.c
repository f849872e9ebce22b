// SPDX-License-Identifier: BSD-2-Clause
#include "attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attachment.h"
#include "claim.h"
#include "dispatcher.h"
#include "load.h"
#include "messages.h"

enum { LINK_GOES_MS = 1000, LINK_PAUSE_MS = 5 };

static struct attachment *own(struct xdp_attachment *a)
{
    return (struct attachment *)(void *)a;
}

static int blocked(const struct attachment *a, const struct xdp_attached *attached,
                   struct error *error)
{
    const char *name = a->seen.interface;

    if (attached->ours)
        return error_set(error, -EBUSY,
                         "%s: an earlier engine's program (id %u) is held there by a bpf_link that "
                         "isn't pinned in %s: after a kill, start with the --user that it had; "
                         "see: bpftool link show",
                         name, attached->id, a->pins.folder[0] ? a->pins.folder : xdp_bpffs());
    return error_set(error, -EBUSY,
                     "%s: another XDP program is attached: %s (id %u, %s mode), and it is left "
                     "alone; see: bpftool net show dev %s",
                     name, attached->name[0] ? attached->name : "of unknown name", attached->id,
                     attached->skb ? "generic" : "native", name);
}

/* A link that nobody pinned goes with its process, some time after that has given the claim back.
 */
static int find_leftover(struct attachment *a, struct xdp_attached *attached, bool *held)
{
    int status = xdp_leftover_find(&a->leftover, a->seen.ifindex, &a->pins, attached);

    for (int waited = 0; waited < LINK_GOES_MS; waited += LINK_PAUSE_MS) {
        *held = status == 0 && attached->ours && a->leftover.place.means == XDP_MEANS_NETLINK &&
                xdp_has_link(a->seen.ifindex);
        if (!*held)
            return status;
        xdp_leftover_forget(&a->leftover);
        usleep(LINK_PAUSE_MS * 1000);
        status = xdp_leftover_find(&a->leftover, a->seen.ifindex, &a->pins, attached);
    }
    return status;
}

/* Looks at what is attached and settles how ours gets there. Changes nothing. */
static int settle_means(struct attachment *a, struct error *error)
{
    struct xdp_attached attached;
    bool held;
    int status = find_leftover(a, &attached, &held);
    enum xdp_means left = a->leftover.what.means;

    if (status != 0)
        return error_set(error, status, "%s: cannot ask for its XDP program: %s", a->seen.interface,
                         strerror(-status));
    if (held)
        return blocked(a, &attached, error);
    a->seen.replaced = left != XDP_MEANS_AUTO;
    a->seen.leftover = a->leftover.what;
    if (attached.dispatcher && !a->leftover.alone && a->seen.means != XDP_MEANS_NETLINK) {
        a->seen.means = XDP_MEANS_DISPATCHER;
        a->seen.frags = a->seen.frags && xdp_dispatcher_has_frags(a->seen.ifindex);
        return 0;
    }
    if (attached.id != 0 && (left == XDP_MEANS_AUTO || (attached.dispatcher && !a->leftover.alone)))
        return blocked(a, &attached, error);
    if (a->seen.means == XDP_MEANS_AUTO)
        a->seen.means = left == XDP_MEANS_NETLINK && xdp_kernel_before(5, 9) ? XDP_MEANS_NETLINK
                                                                             : XDP_MEANS_LINK;
    a->place = (struct xdp_place){
        .ifindex = a->seen.ifindex,
        .means = a->seen.means,
        .skb = a->seen.skb,
        .program = -1,
        .link = -1,
    };
    if (left == XDP_MEANS_AUTO || a->leftover.place.program >= 0 ||
        xdp_place_can_swap(&a->leftover.place, &a->place))
        return 0;
    return error_set(error, -EPERM,
                     "%s: what an earlier engine left there in %s mode has to be taken off first, "
                     "and could not be put back: needs CAP_SYS_ADMIN",
                     a->seen.interface, a->leftover.place.skb ? "generic" : "native");
}

static int load(struct attachment *a, struct error *error)
{
    bool joins = a->seen.means == XDP_MEANS_DISPATCHER;
    uint32_t flags = bpf_program__flags(a->program);
    int status;

    a->seen.frags = a->seen.frags && xdp_frags_known();
    flags = a->seen.frags ? flags | BPF_F_XDP_HAS_FRAGS : flags & ~(uint32_t)BPF_F_XDP_HAS_FRAGS;
    bpf_program__set_flags(a->program, flags);
    status = joins ? xdp_dispatcher_create_maps(a->object) : xdp_load(a->object, error);
    a->seen.loaded = status == 0 && !joins;
    if (status == -EPERM && joins)
        status = xdp_not_permitted(error);
    else if (status != 0 && joins)
        return error_set(error, status, "%s: cannot load the XDP program: %s (%s)",
                         a->seen.interface, strerror(-status), xdp_messages_last());
    if (status != 0)
        return error_prefix(error, status, "%s", a->seen.interface);
    if (a->seen.loaded)
        a->marker_map = xdp_program_mark(bpf_program__fd(a->program), &a->marker);
    return 0;
}

/* What the request names: interface, program, claim, and a place for the pins. */
static int begin(struct attachment *a, const struct xdp_request *request, struct error *error)
{
    struct xdp_attachment *attachment = &a->seen;
    struct xdp_claim *claim = request->claim;
    int status;

    snprintf(attachment->interface, sizeof(attachment->interface), "%s", request->interface);
    attachment->ifindex =
        claim ? xdp_claim_ifindex(claim) : (int)if_nametoindex(request->interface);
    if (attachment->ifindex == 0)
        return error_set(error, -ENODEV, "%s: no such interface; see: ip link", request->interface);
    if (!a->program)
        return error_set(error, -EINVAL, "%s: no such XDP program", request->program);
    status = claim ? 0 : xdp_claim_open(&a->claim, attachment->ifindex, error);
    if (status != 0)
        return status;
    xdp_pins_find(&a->pins, attachment->ifindex);
    if (!attachment->stay)
        return 0;
    status = xdp_pins_make(&a->pins, error);
    return status == 0 ? 0 : error_prefix(error, status, "%s", attachment->interface);
}

int xdp_prepare(struct xdp_attachment **out, const struct xdp_request *request, struct error *error)
{
    struct attachment *a = calloc(1, sizeof(*a));

    if (!a)
        return error_set(error, -ENOMEM, "out of memory");
    xdp_messages_begin();
    *a = (struct attachment){
        .seen = {.skb = request->skb,
                 .stay = request->stay,
                 .frags = request->frags,
                 .means = request->means},
        .object = request->object,
        .program = bpf_object__find_program_by_name(request->object, request->program),
        .marker = {.fail_closed = request->fail_closed,
                   .other_ifindex = (uint32_t)request->other_ifindex},
        .marker_map = -1,
        .pins = {.held = -1},
        .place = {.program = -1, .link = -1},
        .leftover = {.place = {.program = -1, .link = -1}, .marker = -1},
    };
    int status = begin(a, request, error);
    if (status == 0)
        status = settle_means(a, error);
    if (status == 0)
        status = load(a, error);
    if (status != 0) {
        xdp_detach(&a->seen);
        return status;
    }
    *out = &a->seen;
    return 0;
}

int xdp_leftover_query(struct xdp_leftover *out, int ifindex)
{
    struct xdp_attached attached;
    struct leftover leftover;
    struct xdp_pins pins;

    xdp_pins_find(&pins, ifindex);
    int status = xdp_leftover_find(&leftover, ifindex, &pins, &attached);
    if (status == 0)
        *out = leftover.what;
    xdp_leftover_forget(&leftover);
    return status;
}

static int join_dispatcher(struct attachment *a)
{
    int status = xdp_dispatcher_join(&a->joined, a->object, bpf_program__name(a->program),
                                     a->seen.ifindex, a->seen.skb);

    if (status == 0) {
        a->seen.loaded = true;
        a->marker_map = xdp_program_mark(xdp_dispatcher_program_fd(a->joined), &a->marker);
    }
    return status;
}

static const char *attach_hint(const struct xdp_attachment *a, int status)
{
    if (a->means == XDP_MEANS_DISPATCHER && status == -EINVAL)
        return "the dispatcher of libxdp before 1.5 takes no program that moves packet data, as "
               "handing over arrival times does: --timestamps burst does without";
    switch (status) {
    case -EOPNOTSUPP:
        return a->skb ? "the interface takes no XDP program"
                      : "its driver has no native XDP; --mode skb runs the program in the kernel's "
                        "generic path, slower";
    case -EINVAL:
    case -ERANGE:
    case -E2BIG:
        return "the driver refused it: often an MTU above what it can do with XDP, LRO, or too "
               "many channels; see: dmesg";
    case -ENOSPC:
        return "a veth needs as many RX queues as its peer has TX queues";
    case -EBUSY:
        return "something else attached a program just now";
    case -EPERM:
        return "CAP_NET_ADMIN is missing";
    default:
        return xdp_messages_last();
    }
}

int xdp_attach(struct xdp_attachment *attachment, struct error *error)
{
    struct attachment *a = own(attachment);
    int status;

    xdp_messages_begin();
    a->place.program = bpf_program__fd(a->program);
    status = attachment->means == XDP_MEANS_DISPATCHER ? join_dispatcher(a) : attachment_put(a);
    a->attached = status == 0;
    if (a->attached)
        return 0;
    return error_set(error, status, "%s: cannot attach the XDP program in %s mode by %s: %s (%s)",
                     attachment->interface, attachment->skb ? "generic" : "native",
                     xdp_means_name(attachment->means), strerror(-status),
                     attach_hint(attachment, status));
}

int xdp_revert(struct xdp_attachment *attachment, struct error *error)
{
    struct attachment *a = own(attachment);

    if (!a->attached || a->committed)
        return 0;
    int status = attachment_undo(a);
    a->attached = false;
    if (status == 0)
        return 0;
    return error_set(error, status, "%s: what an earlier engine left there can't be put back: %s%s",
                     attachment->interface, strerror(-status),
                     status == -EPERM ? " (needs CAP_SYS_ADMIN)" : "");
}

void xdp_commit(struct xdp_attachment *attachment)
{
    struct attachment *a = own(attachment);
    enum xdp_means left = a->leftover.place.means;
    int removed;

    if (!a->attached || a->committed)
        return;
    a->committed = true;
    if (a->joined && left == XDP_MEANS_DISPATCHER)
        (void)xdp_dispatcher_clean(attachment->ifindex, xdp_dispatcher_program_fd(a->joined),
                                   &removed);
    else if (left == XDP_MEANS_DISPATCHER)
        xdp_dispatcher_remove_pins(attachment->ifindex, xdp_program_id(a->leftover.place.program));
    if (!attachment->stay)
        xdp_pins_remove(&a->pins);
    xdp_leftover_forget(&a->leftover);
}

int xdp_program_fd(const struct xdp_attachment *attachment)
{
    const struct attachment *a = (const struct attachment *)(const void *)attachment;

    return a->joined ? xdp_dispatcher_program_fd(a->joined) : bpf_program__fd(a->program);
}

static void free_attachment(struct attachment *a)
{
    xdp_pins_tidy(&a->pins); /* a start that failed made it for nothing */
    if (a->joined)
        xdp_dispatcher_forget(a->joined);
    xdp_leftover_forget(&a->leftover);
    if (a->place.link >= 0)
        close(a->place.link);
    if (a->marker_map >= 0)
        close(a->marker_map);
    xdp_pins_close(&a->pins);
    xdp_claim_close(a->claim);
    free(a);
}

void xdp_detach(struct xdp_attachment *attachment)
{
    struct attachment *a = own(attachment);

    if (!attachment)
        return;
    if (!a->committed) {
        (void)xdp_revert(attachment, NULL);
    } else if (a->joined) {
        xdp_dispatcher_part(a->joined, attachment->ifindex, attachment->skb);
        a->joined = NULL;
    } else {
        if (attachment->stay)
            xdp_pins_remove(&a->pins);
        (void)xdp_place_take(&a->place);
    }
    free_attachment(a);
}

void xdp_leave(struct xdp_attachment *attachment)
{
    if (!attachment)
        return;
    if (!own(attachment)->committed || !attachment->stay)
        xdp_detach(attachment);
    else
        free_attachment(own(attachment));
}
