// SPDX-License-Identifier: BSD-2-Clause
#include "blocked.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

int blocked_open(struct blocked *blocked, uint32_t most, struct error *error)
{
    blocked->map = bpf_map_create(BPF_MAP_TYPE_HASH, "blocked_hosts", sizeof(struct block_key),
                                  sizeof(uint64_t), most, NULL);
    if (blocked->map >= 0)
        return 0;
    int status = -errno;
    return error_set(error, status, "cannot make the map of %u blocked hosts: %s", most,
                     strerror(-status));
}

int blocked_share(const struct blocked *blocked, struct bpf_object *object, struct error *error)
{
    struct bpf_map *map = bpf_object__find_map_by_name(object, "blocked_hosts");
    int status =
        blocked ? bpf_map__reuse_fd(map, blocked->map) : bpf_map__set_autocreate(map, false);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot share the map of blocked hosts: %s", strerror(-status));
}

int blocked_add(const struct blocked *blocked, const struct block_key *host, uint64_t now)
{
    return bpf_map_update_elem(blocked->map, host, &now, BPF_ANY) == 0 ? 0 : -errno;
}

int blocked_remove(const struct blocked *blocked, const struct block_key *host)
{
    return bpf_map_delete_elem(blocked->map, host) == 0 ? 0 : -errno;
}

void blocked_close(struct blocked *blocked)
{
    if (blocked->map >= 0)
        close(blocked->map);
    blocked->map = -1;
}
