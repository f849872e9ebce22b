// SPDX-License-Identifier: BSD-2-Clause
#include "losses.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "losses.skel.h"
#include "messages.h"

struct losses {
    struct losses_bpf *skeleton;
    int cpus;
    uint64_t *each; /* one per CPU: to read into, so that reading can't fail for want of memory */
};

static int make_entries(const struct losses *losses, const int *ifindexes, uint32_t count,
                        uint32_t queues)
{
    const uint64_t *zeros = losses->each;
    int lost = bpf_map__fd(losses->skeleton->maps.lost);
    int unbound = bpf_map__fd(losses->skeleton->maps.unbound);
    int status = 0;

    for (uint32_t i = 0; status == 0 && i < count; i++) {
        struct redirect_socket socket = {.ifindex = (uint32_t)ifindexes[i]};

        if (bpf_map_update_elem(lost, &socket.ifindex, zeros, BPF_ANY) != 0)
            status = -errno;
        for (; status == 0 && socket.queue < queues; socket.queue++)
            if (bpf_map_update_elem(unbound, &socket, zeros, BPF_ANY) != 0)
                status = -errno;
    }
    return status;
}

static int begin(struct losses *losses, const int *ifindexes, uint32_t count, uint32_t queues)
{
    losses->each = calloc((size_t)losses->cpus, sizeof(*losses->each));
    int status = losses->each ? losses_bpf__load(losses->skeleton) : -ENOMEM;

    if (status == 0)
        status = make_entries(losses, ifindexes, count, queues);
    return status == 0 ? losses_bpf__attach(losses->skeleton) : status;
}

int losses_open(struct losses **out, const int *ifindexes, uint32_t count, uint32_t queues)
{
    struct losses *losses = calloc(1, sizeof(*losses));
    int status;

    if (!losses)
        return -ENOMEM;
    xdp_messages_begin();
    losses->cpus = libbpf_num_possible_cpus();
    losses->skeleton = losses_bpf__open();
    if (!losses->skeleton)
        status = -errno;
    else if (losses->cpus < 0)
        status = losses->cpus;
    else
        status = begin(losses, ifindexes, count, queues);
    if (status != 0) {
        losses_close(losses);
        return status;
    }
    *out = losses;
    return 0;
}

static uint64_t sum(const struct losses *losses, const struct bpf_map *map, const void *key)
{
    uint64_t all = 0;

    if (bpf_map_lookup_elem(bpf_map__fd(map), key, losses->each) == 0)
        for (int cpu = 0; cpu < losses->cpus; cpu++)
            all += losses->each[cpu];
    return all;
}

uint64_t losses_read(const struct losses *losses, int ifindex)
{
    uint32_t port = (uint32_t)ifindex;

    return sum(losses, losses->skeleton->maps.lost, &port);
}

uint64_t losses_read_unbound(const struct losses *losses, int ifindex, uint32_t queue)
{
    const struct redirect_socket socket = {(uint32_t)ifindex, queue};

    return sum(losses, losses->skeleton->maps.unbound, &socket);
}

void losses_close(struct losses *losses)
{
    if (!losses)
        return;
    losses_bpf__destroy(losses->skeleton);
    free(losses->each);
    free(losses);
}
