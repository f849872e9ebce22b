// SPDX-License-Identifier: BSD-2-Clause
#include "live_promises.h"

#include "say.h"

enum { PROOF_PACKETS = 256 }; /* after which busy polling and NIC times must have shown */

static void check_busy_poll(const struct live *live, uint32_t queue, uint32_t port)
{
    struct xsk_port *p = &live->sockets.group[queue]->port[port];

    if (!__atomic_load_n(&p->busy_poll, __ATOMIC_RELAXED) || xsk_port_busy_polls(p))
        return;
    __atomic_store_n(&p->busy_poll, false, __ATOMIC_RELAXED);
    say(&live->base.say, AFXDP_WARNING,
        "%s: queue %u can't be busy-polled, its driver names no NAPI instance; waiting for "
        "wake-ups instead",
        live->nics.nic[port]->name, queue);
}

static void check_times(struct live *live, uint32_t queue, uint32_t port_number, uint64_t received)
{
    const struct nic *nic = live->nics.nic[port_number];
    const struct xsk_port *port = &live->sockets.group[queue]->port[port_number];

    if (live->told_of_times || !port->stamped ||
        __atomic_load_n(&port->counters.unstamped, __ATOMIC_RELAXED) < received)
        return;
    live->told_of_times = true;
    if (port->nic_clock)
        say(&live->base.say, AFXDP_WARNING,
            "%s: the driver gives no arrival times, so every interval is 0: --timestamps xdp has "
            "them from the kernel",
            nic->name);
    else
        say(&live->base.say, AFXDP_WARNING,
            "%s: its driver %s has no room for arrival times before a frame: packets of a burst "
            "get one time, so intervals within it are 0, as in no training data; --mode skb has "
            "room",
            nic->name, nic->driver);
}

void live_check_promises(struct live *live)
{
    for (uint32_t i = 0; i < live->nics.queues; i++) {
        for (uint32_t port = 0; port < live->nics.ports; port++) {
            const struct xsk_port *p = &live->sockets.group[i]->port[port];
            uint64_t received = __atomic_load_n(&p->counters.received, __ATOMIC_RELAXED);

            if (received < PROOF_PACKETS)
                continue;
            check_busy_poll(live, i, port);
            check_times(live, i, port, received);
        }
    }
}
