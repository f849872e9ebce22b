// SPDX-License-Identifier: BSD-2-Clause
#include "dispatcher.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <xdp/libxdp.h>

#include "attach.h"
#include "attached.h"

int xdp_dispatcher_find_ours(int ifindex, bool *alone)
{
    struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);
    int ours = -ENOENT;

    *alone = true;
    if (libxdp_get_error(all))
        return (int)libxdp_get_error(all);
    for (struct xdp_program *p = xdp_multiprog__next_prog(NULL, all); p;
         p = xdp_multiprog__next_prog(p, all)) {
        if (!xdp_program_is_ours(xdp_program__fd(p)))
            *alone = false;
        else if (ours < 0)
            ours = fcntl(xdp_program__fd(p), F_DUPFD_CLOEXEC, 0);
    }
    xdp_multiprog__close(all);
    return ours;
}

int xdp_dispatcher_clean(int ifindex, int except, int *removed)
{
    struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);
    struct xdp_program *ours[16];
    uint32_t kept = xdp_program_id(except);
    size_t count = 0;
    int status = 0;

    *removed = 0;
    if (libxdp_get_error(all))
        return (int)libxdp_get_error(all);
    for (struct xdp_program *p = xdp_multiprog__next_prog(NULL, all); p && count < 16;
         p = xdp_multiprog__next_prog(p, all))
        if (xdp_program_is_ours(xdp_program__fd(p)) && xdp_program_id(xdp_program__fd(p)) != kept)
            ours[count++] = p;
    if (count > 0)
        status =
            xdp_program__detach_multi(ours, count, ifindex, xdp_multiprog__attach_mode(all), 0);
    if (status == 0)
        *removed = (int)count;
    xdp_multiprog__close(all);
    return status;
}

void xdp_dispatcher_remove_pins(int ifindex, uint32_t id)
{
    char folder[PATH_MAX - NAME_MAX - 1], path[PATH_MAX];
    const struct dirent *file;

    snprintf(folder, sizeof(folder), "%s/xdp/dispatch-%d-%u", xdp_bpffs(), ifindex, id);
    DIR *files = opendir(folder);
    while (files && (file = readdir(files)) != NULL) {
        snprintf(path, sizeof(path), "%s/%s", folder, file->d_name);
        unlink(path);
    }
    if (files)
        closedir(files);
    rmdir(folder);
}

bool xdp_dispatcher_has_frags(int ifindex)
{
    struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);

    if (libxdp_get_error(all))
        return false;
    bool frags = xdp_multiprog__xdp_frags_support(all);
    xdp_multiprog__close(all);
    return frags;
}

int xdp_dispatcher_create_maps(struct bpf_object *object)
{
    struct bpf_map *map;

    bpf_object__for_each_map(map, object)
    {
        LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = bpf_map__map_flags(map));

        if (bpf_map__is_internal(map) || bpf_map__fd(map) >= 0)
            continue;
        int fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
                                bpf_map__value_size(map), bpf_map__max_entries(map), &options);
        if (fd < 0)
            return -errno;
        int status = bpf_map__reuse_fd(map, fd); /* keeps a duplicate */
        close(fd);
        if (status != 0)
            return status;
    }
    return 0;
}

static enum xdp_attach_mode mode_of(bool skb)
{
    return skb ? XDP_MODE_SKB : XDP_MODE_NATIVE;
}

int xdp_dispatcher_join(struct xdp_program **out, struct bpf_object *object, const char *program,
                        int ifindex, bool skb)
{
    DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = object, .prog_name = program);
    struct xdp_program *joined = xdp_program__create(&options);
    int status = (int)libxdp_get_error(joined);

    if (status != 0)
        return status;
    status = xdp_program__attach(joined, ifindex, mode_of(skb), 0);
    if (status != 0) {
        xdp_program__close(joined);
        return status;
    }
    *out = joined;
    return 0;
}

int xdp_dispatcher_program_fd(const struct xdp_program *joined)
{
    return xdp_program__fd(joined);
}

void xdp_dispatcher_part(struct xdp_program *joined, int ifindex, bool skb)
{
    xdp_program__detach(joined, ifindex, mode_of(skb), 0);
    xdp_program__close(joined);
}

void xdp_dispatcher_forget(struct xdp_program *joined)
{
    xdp_program__close(joined);
}
