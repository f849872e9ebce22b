// SPDX-License-Identifier: BSD-2-Clause
#include "interface_report.h"
#include "kernel.h"

/* `queue` beyond those that are served: all others. */
static json_t *queue_json(const struct kernel *kernel, uint32_t port, uint32_t queue)
{
    struct path_counters counters = {.unrecorded = 0};
    json_t *object = json_object();

    if (port < kernel->ports) /* the other only sends */
        path_queue_counters(kernel->model.path, port, queue, &counters);
    report_put(object, "interface", report_text(kernel->nics.nic[port]->name));
    report_put(object, "queue", queue < kernel->nics.queues ? json_integer(queue) : json_null());
    interface_report_counters(object, &counters.stats);
    report_number(object, "xdp_bypassed", counters.left.bypassed);
    report_number(object, "xdp_allowed", counters.left.allowed);
    report_number(object, "xdp_denied", counters.left.denied);
    report_number(object, "xdp_blocked", counters.left.blocked);
    report_number(object, "xdp_shunted", counters.left.shunted);
    report_number(object, "xdp_uncovered", counters.left.uncovered);
    report_number(object, "xdp_closed", counters.left.closed);
    report_number(object, "xdp_uncrossed", counters.left.uncrossed);
    report_number(object, "unrecorded", counters.unrecorded);
    return object;
}

static const struct xdp_attachment *attachment(const struct kernel *kernel, uint32_t port)
{
    return kernel->guard[port] ? guard_attachment(kernel->guard[port])
                               : pass_attachment(kernel->pass);
}

json_t *kernel_report(const struct kernel *kernel)
{
    json_t *object = json_object();
    json_t *ports = json_array();
    json_t *queues = json_array();

    for (uint32_t port = 0; port < kernel->nics.ports; port++) {
        report_append(ports,
                      interface_report_port(kernel->nics.nic[port], &kernel->nic_before[port],
                                            attachment(kernel, port), kernel->losses));
        for (uint32_t queue = 0; queue < path_queues(kernel->model.path); queue++)
            report_append(queues, queue_json(kernel, port, queue));
    }
    report_put(object, "interface", report_text(kernel->nics.nic[0]->name));
    report_put(object, "mode", json_string(attachment(kernel, 0)->skb ? "skb" : "native"));
    report_put(object, "rss", json_string(interface_report_rss(kernel->nics.rss)));
    report_put(object, "multi_buffer", json_boolean(kernel->frags));
    report_number(object, "flows_of_cpu", path_flow_capacity(kernel->model.path));
    if (kernel->base.config->verdicts)
        report_number(object, "verdicts_lost", kernel->verdicts.lost);
    kernel_acts_report(kernel, object);
    report_put(object, "ports", ports);
    report_put(object, "queues", queues);
    return object;
}
