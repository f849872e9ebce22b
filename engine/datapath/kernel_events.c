// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "events.h"
#include "kernel.h"

uint32_t kernel_records(const struct afxdp_datapath *base)
{
    if (host_thresholds_any(&base->config->eve_hosts))
        return 2;
    return base->config->verdicts || events_wanted_of_flows(base);
}

/* In the writer's thread. libbpf stops behind a record for which this isn't 0. */
static int take_record(void *context, void *data, size_t size)
{
    const struct path_record *record = data;
    const struct path_host_record *with_hosts = data;
    const uint32_t *hosts = size >= sizeof(*with_hosts) ? with_hosts->hosts : NULL;
    struct kernel *kernel = context;

    if (size < sizeof(*record))
        return 0;
    kernel->rows++;
    if (!record->classified) {
        eve_flows_count_none(kernel->events, record->wire_length);
    } else {
        struct eve_packet packet = {
            .key = &record->key,
            .place = record->trace.place,
            .time = record->time,
            .wire_length = record->wire_length,
            .queue = (uint16_t)record->trace.queue,
            .confidence = record->confidence,
            .slot = record->slot,
            .action = record->action,
            .flags = record->trace.flags,
            .from_low = record->from_low,
            .icmp = record->trace.icmp,
            .hosts = hosts,
        };

        memcpy(packet.vlan, record->trace.vlan, sizeof(packet.vlan));
        eve_flows_count(kernel->events, &packet);
    }
    return eve_flows_have_room(kernel->events) ? 0 : -ENOSPC;
}

static uint32_t pull(void *context, struct eve_flows *flows)
{
    struct kernel *kernel = context;
    uint64_t before = kernel->rows;

    kernel->events = flows;
    if (eve_flows_have_room(flows))
        (void)ring_buffer__consume(kernel->records);
    return kernel->rows != before;
}

static void lost(void *context, uint64_t *packets, uint64_t *bytes)
{
    const struct kernel *kernel = context;
    struct path_counters counters;

    path_totals(kernel->model.path, &counters);
    *packets = counters.unrecorded;
    *bytes = counters.unrecorded_bytes;
}

static int follow(struct kernel *kernel, struct error *error)
{
    const struct xdp_path *path = kernel->model.path;
    const struct eve_source source = {
        .pull = pull,
        .lost = lost,
        .context = kernel,
        .places = path_flow_capacity(path) * path->cpus,
        .timeout = path->settings.timeout,
    };

    kernel->records = ring_buffer__new(path_records_fd(path), take_record, kernel, NULL);
    if (!kernel->records)
        return error_set(error, -errno, "no ring for the events (kernel 5.8): %s", strerror(errno));
    return eve_follow(kernel->base.eve, &source, error);
}

int kernel_events_open(struct kernel *kernel, struct error *error)
{
    struct afxdp_datapath *base = &kernel->base;

    if (!events_wanted(base))
        return 0;
    int status = events_open(base, kernel->nics.nic[0]->name, error);
    if (status == 0 && events_wanted_of_flows(base))
        status = follow(kernel, error);
    return status == 0 ? events_start(base, error) : status;
}
