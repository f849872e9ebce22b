// SPDX-License-Identifier: BSD-2-Clause
#include "leftover.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_link.h>

#include "dispatcher.h"

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void xdp_leftover_forget(struct leftover *leftover)
{
    close_one(&leftover->place.link);
    close_one(&leftover->place.program);
    close_one(&leftover->marker);
}

static bool link_is_on(uint32_t id, int ifindex)
{
    struct bpf_link_info info = {0};
    uint32_t size = sizeof(info);
    int link = bpf_link_get_fd_by_id(id);

    if (link < 0)
        return false;
    bool on = bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.type == BPF_LINK_TYPE_XDP &&
              info.xdp.ifindex == (uint32_t)ifindex;
    close(link);
    return on;
}

bool xdp_has_link(int ifindex)
{
    uint32_t id = 0;

    while (bpf_link_get_next_id(id, &id) == 0)
        if (link_is_on(id, ifindex))
            return true;
    return false;
}

/* The pinned link, if it is what carries the attached program. */
static int find_link(int ifindex, const struct xdp_pins *pins, uint32_t program)
{
    struct bpf_link_info info = {0};
    uint32_t size = sizeof(info);
    int link = xdp_pins_get(pins, XDP_PIN_LINK);

    if (link < 0)
        return -1;
    if (bpf_obj_get_info_by_fd(link, &info, &size) == 0 && info.type == BPF_LINK_TYPE_XDP &&
        info.xdp.ifindex == (uint32_t)ifindex && info.prog_id == program && program != 0)
        return link;
    close(link); /* of an interface that is gone, and had this one's number */
    return -1;
}

/* By id only with CAP_SYS_ADMIN: hence the pin. */
static int find_program(const struct xdp_pins *pins, uint32_t id)
{
    int program = xdp_pins_get(pins, XDP_PIN_PROGRAM);

    if (program >= 0 && xdp_program_id(program) == id)
        return program;
    if (program >= 0)
        close(program);
    program = bpf_prog_get_fd_by_id(id);
    return program >= 0 ? program : -1;
}

static void read_marker(struct leftover *leftover, const struct xdp_pins *pins, int program)
{
    struct xdp_marker marker = {0};
    int status = -ENOENT;

    if (leftover->place.means == XDP_MEANS_LINK)
        leftover->marker = xdp_pins_get(pins, XDP_PIN_MARKER);
    if (leftover->marker >= 0)
        status = xdp_marker_read(leftover->marker, &marker);
    else
        leftover->marker = -1;
    if (status != 0 && program >= 0)
        status = xdp_program_read_marker(program, &marker);
    leftover->what.known = status == 0;
    leftover->what.fail_closed = marker.fail_closed;
    leftover->what.other_ifindex = (int)marker.other_ifindex;
}

static void find_behind_dispatcher(struct leftover *leftover, const struct xdp_pins *pins,
                                   const struct xdp_attached *attached)
{
    int ours = xdp_dispatcher_find_ours(leftover->place.ifindex, &leftover->alone);

    if (ours < 0) {
        leftover->alone = false;
        return;
    }
    leftover->place.means = XDP_MEANS_DISPATCHER;
    leftover->place.program = bpf_prog_get_fd_by_id(attached->id);
    read_marker(leftover, pins, ours);
    close(ours);
}

int xdp_leftover_find(struct leftover *leftover, int ifindex, const struct xdp_pins *pins,
                      struct xdp_attached *attached)
{
    int status = xdp_attached_query(ifindex, attached);

    *leftover = (struct leftover){
        .place = {.ifindex = ifindex, .program = -1, .link = -1},
        .marker = -1,
    };
    if (status != 0 || attached->id == 0)
        return status;
    leftover->place.skb = attached->skb;
    leftover->place.link = find_link(ifindex, pins, attached->id);
    if (leftover->place.link >= 0 || attached->ours) {
        leftover->place.means = leftover->place.link >= 0 ? XDP_MEANS_LINK : XDP_MEANS_NETLINK;
        leftover->place.program = find_program(pins, attached->id);
        read_marker(leftover, pins, leftover->place.program);
    } else if (attached->dispatcher) {
        find_behind_dispatcher(leftover, pins, attached);
    }
    leftover->what.means = leftover->place.means;
    leftover->what.skb = leftover->place.skb;
    return 0;
}

static uint32_t mode_flag(const struct xdp_place *place)
{
    return place->skb ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

bool xdp_place_can_swap(const struct xdp_place *old, const struct xdp_place *new)
{
    return old->means == new->means && old->skb == new->skb &&
           (new->means == XDP_MEANS_LINK || new->means == XDP_MEANS_NETLINK);
}

/* Attaches `program` (-1: none) where `old` (-1: nothing) is. Only since 5.7 does the kernel
 * compare what is there; the claim keeps other engines away. */
static int by_netlink(const struct xdp_place *place, int program, int old)
{
    LIBBPF_OPTS(bpf_xdp_attach_opts, options, .old_prog_fd = old);
    uint32_t flags = mode_flag(place);
    int status;

    if (old < 0)
        return bpf_xdp_attach(place->ifindex, program, flags | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
    status = bpf_xdp_attach(place->ifindex, program, flags, &options);
    if (status == -EINVAL && xdp_kernel_before(5, 7))
        status = bpf_xdp_attach(place->ifindex, program, flags, NULL);
    return status;
}

int xdp_place_swap(struct xdp_place *old, struct xdp_place *new)
{
    if (new->program < 0)
        return -EPERM;
    if (new->means == XDP_MEANS_NETLINK)
        return by_netlink(new, new->program, old->program);
    if (bpf_link_update(old->link, new->program, NULL) != 0)
        return -errno;
    new->link = old->link;
    old->link = -1;
    return 0;
}

int xdp_place_put(struct xdp_place *place)
{
    LIBBPF_OPTS(bpf_link_create_opts, options, .flags = mode_flag(place));

    if (place->program < 0)
        return -EPERM;
    if (place->means != XDP_MEANS_LINK)
        return by_netlink(place, place->program, -1);
    place->link = bpf_link_create(place->program, place->ifindex, BPF_XDP, &options);
    return place->link >= 0 ? 0 : -errno;
}

int xdp_place_take(struct xdp_place *place)
{
    if (place->means != XDP_MEANS_LINK)
        return by_netlink(place, -1, place->program);
    int status = bpf_link_detach(place->link) == 0 ? 0 : -errno;
    if (status == 0)
        close_one(&place->link);
    return status;
}
