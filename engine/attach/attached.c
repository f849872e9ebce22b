// SPDX-License-Identifier: BSD-2-Clause
#include "attached.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

enum { MAPS_MAX = 64 };

/* The map's descriptor if it is a marker, else -1. */
static int open_marker(uint32_t id)
{
    struct bpf_map_info info = {0};
    uint32_t size = sizeof(info);
    int map = bpf_map_get_fd_by_id(id);

    if (map < 0)
        return -1;
    if (bpf_obj_get_info_by_fd(map, &info, &size) == 0 && strcmp(info.name, XDP_MARKER_NAME) == 0)
        return map;
    close(map);
    return -1;
}

/* The descriptor of the program's marker, -1 where it has none. */
static int marker_of(int program)
{
    uint32_t ids[MAPS_MAX];
    struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (uint64_t)(uintptr_t)ids};
    uint32_t size = sizeof(info);
    int marker = -1;

    if (bpf_obj_get_info_by_fd(program, &info, &size) != 0)
        return -1;
    if (strncmp(info.name, XDP_PROGRAM_PREFIX, strlen(XDP_PROGRAM_PREFIX)) != 0)
        return -1;
    for (uint32_t i = 0; marker < 0 && i < info.nr_map_ids && i < MAPS_MAX; i++)
        marker = open_marker(ids[i]);
    return marker;
}

bool xdp_program_is_ours(int program)
{
    int marker = marker_of(program);

    if (marker >= 0)
        close(marker);
    return marker >= 0;
}

int xdp_program_mark(int program, const struct xdp_marker *marker)
{
    const uint32_t slot = 0;
    int map =
        bpf_map_create(BPF_MAP_TYPE_ARRAY, XDP_MARKER_NAME, sizeof(slot), sizeof(*marker), 1, NULL);

    if (map < 0)
        return -errno;
    if (bpf_map_update_elem(map, &slot, marker, BPF_ANY) != 0 ||
        bpf_prog_bind_map(program, map, NULL) != 0) {
        int status = -errno;
        close(map);
        return status;
    }
    return map;
}

int xdp_marker_read(int map, struct xdp_marker *marker)
{
    struct bpf_map_info info = {0};
    uint32_t size = sizeof(info);
    const uint32_t slot = 0;

    if (bpf_obj_get_info_by_fd(map, &info, &size) != 0)
        return -errno;
    if (info.value_size != sizeof(*marker))
        return -EINVAL;
    return bpf_map_lookup_elem(map, &slot, marker) == 0 ? 0 : -errno;
}

int xdp_program_read_marker(int program, struct xdp_marker *marker)
{
    int map = marker_of(program);

    if (map < 0)
        return -ENOENT;
    int status = xdp_marker_read(map, marker);
    close(map);
    return status;
}

uint32_t xdp_program_id(int program)
{
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);

    return bpf_obj_get_info_by_fd(program, &info, &size) == 0 ? info.id : 0;
}

int xdp_attached_query(int ifindex, struct xdp_attached *attached)
{
    LIBBPF_OPTS(bpf_xdp_query_opts, query);
    int status = bpf_xdp_query(ifindex, 0, &query);

    if (status < 0)
        return status;
    *attached = (struct xdp_attached){0};
    if (query.attach_mode == XDP_ATTACHED_NONE)
        return 0;
    attached->skb = query.attach_mode == XDP_ATTACHED_SKB;
    attached->id = query.prog_id;
    if (attached->id == 0) /* several at once: name the one that runs first */
        attached->id = query.hw_prog_id    ? query.hw_prog_id
                       : query.drv_prog_id ? query.drv_prog_id
                                           : query.skb_prog_id;

    int program = bpf_prog_get_fd_by_id(attached->id);
    if (program < 0)
        return 0;
    struct bpf_prog_info info = {0};
    uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(program, &info, &size) == 0) {
        memcpy(attached->name, info.name, sizeof(attached->name) - 1);
        attached->dispatcher = strcmp(info.name, XDP_DISPATCHER_NAME) == 0;
        attached->ours = xdp_program_is_ours(program);
    }
    close(program);
    return 0;
}
