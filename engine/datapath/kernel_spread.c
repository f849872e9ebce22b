// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "kernel.h"
#include "say.h"

enum {
    SPREAD_PACKETS = 256, /* of a queue, before anything is said of it */
    SPREAD_SHARE = 16,    /* fewer of them than this part are an interrupt that moved */
};

/* Packets of the queue, of both ports, that have come in on that CPU. */
static uint64_t entered(const struct xdp_path *path, uint32_t ports, uint32_t cpu, uint32_t queue)
{
    uint32_t queues = path_queues(path);
    uint64_t sum = 0;

    for (uint32_t port = 0; port < ports; port++)
        sum += __atomic_load_n(&path->cpu[(cpu * ports + port) * queues + queue].entered,
                               __ATOMIC_RELAXED);
    return sum;
}

static bool is_spread(const struct kernel *kernel, uint32_t queue, uint32_t most[2])
{
    const struct xdp_path *path = kernel->model.path;
    uint64_t count[2] = {0, 0}; /* of the two CPUs with most */
    uint64_t all = 0;

    for (uint32_t cpu = 0; cpu < path->cpus; cpu++) {
        uint64_t here = entered(path, kernel->ports, cpu, queue);

        all += here;
        if (here > count[0]) {
            count[1] = count[0];
            most[1] = most[0];
            count[0] = here;
            most[0] = cpu;
        } else if (here > count[1]) {
            count[1] = here;
            most[1] = cpu;
        }
    }
    return all >= SPREAD_PACKETS && all - count[0] > all / SPREAD_SHARE;
}

void kernel_watch_spread(struct kernel *kernel)
{
    const struct nic *nic = kernel->nics.nic[0];
    uint32_t most[2] = {0, 0};

    for (uint32_t queue = 0; !kernel->told_of_spread && queue < kernel->nics.queues; queue++) {
        if (!is_spread(kernel, queue, most))
            continue;
        kernel->told_of_spread = true;
        say(&kernel->base.say, AFXDP_WARNING,
            "%s: packets of queue %u come in on CPU %u and CPU %u, each with a flow table of its "
            "own: a flow that meets both has other features than in training; %s",
            nic->name, queue, most[0], most[1],
            strcmp(nic->driver, "veth") == 0 ? "a veth's packets stay on the sender's CPU"
                                             : "bind the queue's interrupts to one CPU");
    }
}
