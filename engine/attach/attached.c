// SPDX-License-Identifier: BSD-2-Clause
#include "attached.h"

#include "attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

enum { MAPS_MAX = 64 };

static bool map_is_marker(uint32_t id)
{
    struct bpf_map_info info = {0};
    uint32_t size = sizeof(info);
    int map = bpf_map_get_fd_by_id(id);

    if (map < 0)
        return false;
    int status = bpf_obj_get_info_by_fd(map, &info, &size);
    close(map);
    return status == 0 && strcmp(info.name, XDP_MARKER_NAME) == 0;
}

bool xdp_program_is_ours(int program)
{
    uint32_t ids[MAPS_MAX];
    struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (uint64_t)(uintptr_t)ids};
    uint32_t size = sizeof(info);

    if (bpf_obj_get_info_by_fd(program, &info, &size) != 0)
        return false;
    if (strncmp(info.name, XDP_PROGRAM_PREFIX, strlen(XDP_PROGRAM_PREFIX)) != 0)
        return false;
    for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++)
        if (map_is_marker(ids[i]))
            return true;
    return false;
}

int xdp_program_mark(int program)
{
    int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, XDP_MARKER_NAME, 4, 4, 1, NULL);

    if (map < 0)
        return -errno;
    if (bpf_prog_bind_map(program, map, NULL) != 0) {
        int status = -errno;
        close(map);
        return status;
    }
    return map;
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

int xdp_revert(struct xdp_attachment *a, struct error *error)
{
    (void)error;
    a->attached = false;
    return 0;
}

void xdp_commit(struct xdp_attachment *a)
{
    (void)a;
}
