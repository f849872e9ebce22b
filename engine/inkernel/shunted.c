// SPDX-License-Identifier: BSD-2-Clause
#include "shunted.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

int shunted_open(struct shunted *shunted, uint32_t most, struct error *error)
{
    shunted->map = bpf_map_create(BPF_MAP_TYPE_LRU_HASH, "shunted_flows", sizeof(struct flow_key),
                                  sizeof(struct shunt), most, NULL);
    if (shunted->map >= 0)
        return 0;
    int status = -errno;
    return error_set(error, status, "cannot make the map of %u shunted flows: %s", most,
                     strerror(-status));
}

int shunted_share(const struct shunted *shunted, struct bpf_object *object, struct error *error)
{
    struct bpf_map *map = bpf_object__find_map_by_name(object, "shunted_flows");
    int status =
        shunted ? bpf_map__reuse_fd(map, shunted->map) : bpf_map__set_autocreate(map, false);

    if (status == 0)
        return 0;
    return error_set(error, status, "cannot share the map of shunted flows: %s", strerror(-status));
}

int shunted_add(const struct shunted *shunted, const struct flow_key *flow, uint64_t now)
{
    const struct shunt shunt = {.last = now, .judged = now, .left = shunted->every};

    return bpf_map_update_elem(shunted->map, flow, &shunt, BPF_NOEXIST) == 0 ? 0 : -errno;
}

int shunted_remove(const struct shunted *shunted, const struct flow_key *flow)
{
    return bpf_map_delete_elem(shunted->map, flow) == 0 ? 0 : -errno;
}

uint64_t shunted_count(const struct shunted *shunted)
{
    struct flow_key flow, next;
    const struct flow_key *at = NULL;
    uint64_t count = 0;

    /* A flow that goes away meanwhile starts the walk anew: it ends all the same. */
    while (count < UINT32_MAX && bpf_map_get_next_key(shunted->map, at, &next) == 0) {
        flow = next;
        at = &flow;
        count++;
    }
    return count;
}

void shunted_close(struct shunted *shunted)
{
    if (shunted->map >= 0)
        close(shunted->map);
    shunted->map = -1;
}
