// SPDX-License-Identifier: BSD-2-Clause
#include "guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <net/if.h>

#include "guard.skel.h"
#include "guard_tags.skel.h"
#include "load.h"
#include "messages.h"

_Static_assert(sizeof(struct guard_bpf__rodata) == sizeof(struct guard_tags_bpf__rodata),
               "one source, two builds");

struct guard {
    struct guard_bpf *skeleton; /* one of these two; the latter is bound to its device */
    struct guard_tags_bpf *tags;
    struct bpf_object *object;
    const char *lacks_tags;
    struct xdp_attachment *attachment;
};

#define MODEL "guard_model"

static int map_of(const struct guard *guard, const char *name)
{
    return bpf_object__find_map_fd_by_name(guard->object, name);
}

/* One array, so that no two ports can ever have different models. */
static int share_model(struct guard *guard, const struct guard *beside, struct error *error)
{
    int status = bpf_map__reuse_fd(bpf_object__find_map_by_name(guard->object, MODEL),
                                   map_of(beside, MODEL));

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
        .object = guard->object,
        .program = "afxdp_guard",
        .skb = options->skb,
        .stay = options->stay,
        .frags = options->frags,
        .fail_closed = options->without == GUARD_DROP,
        .other_ifindex = options->other_ifindex,
    };
    const uint32_t slot = 0;

    int status = options->beside ? share_model(guard, options->beside, error) : 0;
    if (status != 0)
        return status;
    status = xdp_prepare(&guard->attachment, &request, error);
    if (status != 0 || options->without != GUARD_CROSS)
        return status;
    if (bpf_map_update_elem(map_of(guard, "guard_port"), &slot, &options->other_ifindex, BPF_ANY) ==
        0)
        return 0;
    return error_set(error, -errno, "%s: packets can't be sent to the other port: %s",
                     options->interface, strerror(errno));
}

static int open_object(struct guard *guard, const struct guard_options *options, bool tags,
                       struct error *error)
{
    struct guard_bpf__rodata *constants = NULL;

    xdp_messages_begin();
    if (tags) {
        guard->tags = guard_tags_bpf__open();
        guard->object = guard->tags ? guard->tags->obj : NULL;
        constants = guard->tags ? (struct guard_bpf__rodata *)guard->tags->rodata : NULL;
    } else {
        guard->skeleton = guard_bpf__open();
        guard->object = guard->skeleton ? guard->skeleton->obj : NULL;
        constants = guard->skeleton ? guard->skeleton->rodata : NULL;
    }
    if (!guard->object)
        return xdp_open_failed("the guard program", error);
    constants->guard_without = options->without;
    constants->guard_leaving = options->leaving && !options->skb;
    constants->leaving_completes = constants->guard_leaving;
    if (tags)
        xdp_bind_to_device(guard->tags->progs.afxdp_guard, options->interface);
    return 0;
}

static int open_one(struct guard **out, const struct guard_options *options, bool tags,
                    struct error *error)
{
    struct guard *guard = calloc(1, sizeof(*guard));

    if (!guard)
        return error_set(error, -ENOMEM, "no memory");
    int status = open_object(guard, options, tags, error);
    if (status == 0)
        status = prepare(guard, options, error);
    if (status != 0) {
        guard_close(guard);
        return status;
    }
    *out = guard;
    return 0;
}

/* As redirect_open does: what may ask for tags isn't taken everywhere. */
int guard_open(struct guard **out, const struct guard_options *options, struct error *error)
{
    const char *lacks = NULL;
    struct error ignored;

    if (options->leaving && !options->skb) {
        lacks = "this kernel can't give them to a program that redirects (6.15 can)";
        if (open_one(out, options, true, &ignored) == 0) {
            if ((*out)->attachment->means != XDP_MEANS_DISPATCHER)
                return 0;
            lacks = "a program behind libxdp's dispatcher can't ask for them";
            guard_close(*out);
            *out = NULL;
        }
    }
    int status = open_one(out, options, false, error);
    if (status == 0)
        (*out)->lacks_tags = lacks;
    return status;
}

const char *guard_lacks_tags(const struct guard *guard)
{
    return guard->lacks_tags;
}

struct xdp_attachment *guard_attachment(const struct guard *guard)
{
    return guard->attachment;
}

int guard_set_program(struct guard *guard, int program, struct error *error)
{
    const uint32_t slot = 0;

    if (bpf_map_update_elem(map_of(guard, MODEL), &slot, &program, BPF_ANY) == 0)
        return 0;
    return error_set(error, -errno, "%s: the model's program can't be put in: %s",
                     guard->attachment->interface, strerror(errno));
}

void guard_clear_program(struct guard *guard)
{
    const uint32_t slot = 0;

    (void)bpf_map_delete_elem(map_of(guard, MODEL), &slot);
}

/* The kernel empties the array when this closes its map. */
static void free_guard(struct guard *guard)
{
    if (guard->skeleton)
        guard_bpf__destroy(guard->skeleton);
    if (guard->tags)
        guard_tags_bpf__destroy(guard->tags);
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
