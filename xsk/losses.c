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
};

static int begin(struct losses *losses, const int *ifindexes, uint32_t count)
{
    uint64_t *zeros = calloc((size_t)losses->cpus, sizeof(*zeros)); /* one per CPU */
    int status = zeros ? losses_bpf__load(losses->skeleton) : -ENOMEM;

    for (uint32_t i = 0; status == 0 && i < count; i++) {
        uint32_t port = (uint32_t)ifindexes[i];

        if (bpf_map_update_elem(bpf_map__fd(losses->skeleton->maps.lost), &port, zeros, BPF_ANY) !=
            0)
            status = -errno;
    }
    free(zeros);
    return status == 0 ? losses_bpf__attach(losses->skeleton) : status;
}

int losses_open(struct losses **out, const int *ifindexes, uint32_t count)
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
        status = begin(losses, ifindexes, count);
    if (status != 0) {
        losses_close(losses);
        return status;
    }
    *out = losses;
    return 0;
}

uint64_t losses_read(const struct losses *losses, int ifindex)
{
    uint64_t *each = calloc((size_t)losses->cpus, sizeof(*each));
    uint32_t port = (uint32_t)ifindex;
    uint64_t sum = 0;

    if (each && bpf_map_lookup_elem(bpf_map__fd(losses->skeleton->maps.lost), &port, each) == 0)
        for (int cpu = 0; cpu < losses->cpus; cpu++)
            sum += each[cpu];
    free(each);
    return sum;
}

void losses_close(struct losses *losses)
{
    if (!losses)
        return;
    losses_bpf__destroy(losses->skeleton);
    free(losses);
}
