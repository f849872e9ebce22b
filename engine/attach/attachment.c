// SPDX-License-Identifier: BSD-2-Clause
#include "attachment.h"

#include <errno.h>

#include "dispatcher.h"

/* What is behind a pinned link. Only a start without CAP_SYS_ADMIN misses it. */
static void pin_program(struct attachment *a, const struct xdp_place *place, int marker)
{
    (void)xdp_pins_put(&a->pins, XDP_PIN_PROGRAM, place->program);
    if (marker >= 0)
        (void)xdp_pins_put(&a->pins, XDP_PIN_MARKER, marker);
}

static int pin(struct attachment *a, const struct xdp_place *place, int marker)
{
    int status = xdp_pins_put(&a->pins, XDP_PIN_LINK, place->link);

    if (status == 0)
        pin_program(a, place, marker);
    return status;
}

/* The leftover's place again, after the program's was left. */
static int put_leftover_back(struct attachment *a)
{
    struct xdp_place *old = &a->leftover.place;
    int status = 0;

    if (old->means != XDP_MEANS_AUTO)
        status = xdp_place_put(old);
    if (status == 0 && old->means == XDP_MEANS_LINK)
        return pin(a, old, a->leftover.marker);
    if (a->seen.stay)
        xdp_pins_remove(&a->pins);
    return status;
}

/* Where the kernel knows no bpf_link: as it was done before. */
static int put(struct attachment *a)
{
    int status = xdp_place_put(&a->place);

    if (status != -EINVAL || a->place.means != XDP_MEANS_LINK || !xdp_kernel_before(5, 9))
        return status;
    a->seen.means = a->place.means = XDP_MEANS_NETLINK;
    return xdp_place_put(&a->place);
}

int attachment_undo(struct attachment *a)
{
    int status;

    if (a->joined) {
        xdp_dispatcher_part(a->joined, a->seen.ifindex, a->seen.skb);
        a->joined = NULL;
        return 0;
    }
    if (a->swapped) {
        status = xdp_place_swap(&a->place, &a->leftover.place);
        if (status == 0 && a->seen.stay && a->place.means == XDP_MEANS_LINK)
            pin_program(a, &a->leftover.place, a->leftover.marker);
        return status;
    }
    status = xdp_place_take(&a->place);
    return status == 0 ? put_leftover_back(a) : status;
}

static int swap(struct attachment *a)
{
    int status = xdp_place_swap(&a->leftover.place, &a->place);

    if (status == 0 && a->seen.stay && a->place.means == XDP_MEANS_LINK)
        pin_program(a, &a->place, a->marker_map); /* the link is */
    return status;
}

int attachment_put(struct attachment *a)
{
    struct xdp_place *old = &a->leftover.place;
    int status = 0;

    a->swapped = xdp_place_can_swap(old, &a->place);
    if (a->swapped)
        return swap(a);
    if (old->means != XDP_MEANS_AUTO)
        status = xdp_place_take(old);
    if (status != 0)
        return status;
    status = put(a);
    if (status != 0) {
        (void)put_leftover_back(a);
        return status;
    }
    if (a->seen.stay && a->place.means == XDP_MEANS_LINK)
        status = pin(a, &a->place, a->marker_map);
    if (status != 0)
        (void)attachment_undo(a);
    return status;
}
