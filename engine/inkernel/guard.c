// SPDX-License-Identifier: BSD-2-Clause
#include "guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "guard.skel.h"
#include "messages.h"

struct guard {
    struct guard_bpf *skeleton;
    struct xdp_attachment *attachment;
};

/* One array, so that no two ports can ever have different models. */
static int share_model(struct guard *guard, const struct guard *beside, struct error *error)
{
    int status = bpf_map__reuse_fd(guard->skeleton->maps.guard_model,
                                   bpf_map__fd(beside->skeleton->maps.guard_model));

    if (status == 0)
        return 0;
    return error_set(error, status, "the guard can't share the model of %s: %s",
                     beside->attachment->interface, strerror(-status));
}

static int prepare(struct guard *guard, const struct guard_options *options, struct error *error)
{
    const struct xdp_request request = {
        .interface = options->interface,
        .claim = options->claim,
        .object = guard->skeleton->obj,
        .program = "afxdp_guard",
        .skb = options->skb,
        .stay = options->stay,
        .frags = options->frags,
        .fail_closed = options->without == GUARD_DROP,
        .other_ifindex = options->other_ifindex,
    };
    const uint32_t slot = 0;

    guard->skeleton->rodata->guard_without = options->without;
    int status = options->beside ? share_model(guard, options->beside, error) : 0;
    if (status != 0)
        return status;
    status = xdp_prepare(&guard->attachment, &request, error);
    if (status != 0 || options->without != GUARD_CROSS)
        return status;
    if (bpf_map_update_elem(bpf_map__fd(guard->skeleton->maps.guard_port), &slot,
                            &options->other_ifindex, BPF_ANY) == 0)
        return 0;
    return error_set(error, -errno, "%s: packets can't be sent to the other port: %s",
                     options->interface, strerror(errno));
}

int guard_open(struct guard **out, const struct guard_options *options, struct error *error)
{
    struct guard *guard = calloc(1, sizeof(*guard));

    if (!guard)
        return error_set(error, -ENOMEM, "no memory");
    xdp_messages_begin();
    guard->skeleton = guard_bpf__open();
    int status = guard->skeleton ? 0 : xdp_open_failed("the guard program", error);
    if (status == 0)
        status = prepare(guard, options, error);
    if (status != 0) {
        guard_close(guard);
        return status;
    }
    *out = guard;
    return 0;
}

struct xdp_attachment *guard_attachment(const struct guard *guard)
{
    return guard->attachment;
}

int guard_set_program(struct guard *guard, int program, struct error *error)
{
    const uint32_t slot = 0;

    if (bpf_map_update_elem(bpf_map__fd(guard->skeleton->maps.guard_model), &slot, &program,
                            BPF_ANY) == 0)
        return 0;
    return error_set(error, -errno, "%s: the model's program can't be put in: %s",
                     guard->attachment->interface, strerror(errno));
}

void guard_clear_program(struct guard *guard)
{
    const uint32_t slot = 0;

    (void)bpf_map_delete_elem(bpf_map__fd(guard->skeleton->maps.guard_model), &slot);
}

/* The kernel empties the array when this closes its map. */
static void free_guard(struct guard *guard)
{
    if (guard->skeleton)
        guard_bpf__destroy(guard->skeleton);
    free(guard);
}

void guard_close(struct guard *guard)
{
    if (!guard)
        return;
    xdp_detach(guard->attachment);
    free_guard(guard);
}

void guard_leave(struct guard *guard)
{
    if (!guard)
        return;
    xdp_leave(guard->attachment);
    free_guard(guard);
}
