// SPDX-License-Identifier: BSD-2-Clause
#include "metrics.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "metrics_text.h"
#include "monotonic.h"
#include "report_value.h"
#include "say.h"

enum { HOSTS_LOOKED_AT = 1 << 16 /* cells */ };

int metrics_open(struct afxdp_datapath *d, struct error *error)
{
    char text[METRICS_ADDRESS_TEXT];

    if (d->config->metrics.size == 0)
        return 0;
    int status = metrics_server_open(&d->metrics, &d->config->metrics, error);
    if (status != 0)
        return status;
    metrics_address_text(metrics_server_address(d->metrics), text);
    say(&d->say, AFXDP_INFO, "metrics are at http://%s/metrics", text);
    return 0;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static void write_run(FILE *to, const struct afxdp_datapath *d, const json_t *report)
{
    const json_t *model = json_object_get(report, "model");
    const struct metrics_label run[] = {{"version", AFXDP_VERSION},
                                        {"datapath", text_of(report, "datapath")},
                                        {"interface", text_of(report, "interface")},
                                        {"mode", text_of(report, "mode")},
                                        {NULL, NULL}};
    const struct metrics_label at_work[] = {{"path", text_of(model, "path")},
                                            {"kind", text_of(model, "kind")},
                                            {"variant", text_of(model, "variant")},
                                            {"digest", text_of(model, "checksum")},
                                            {NULL, NULL}};

    metrics_family(to, "afxdp_info", "gauge", "The engine, and the mode it obtained.");
    metrics_number(to, "afxdp_info", run, 1);
    metrics_family(to, "afxdp_start_time_seconds", "gauge", "When it started, since 1970.");
    metrics_seconds(to, "afxdp_start_time_seconds", NULL, d->start_of_day);
    if (!json_is_object(model))
        return;
    metrics_family(to, "afxdp_model_info", "gauge", "The model at work.");
    metrics_number(to, "afxdp_model_info", at_work, 1);
}

/* A family of which each member of an object is a sample. */
static void write_object(FILE *to, const char *family, const char *help, const char *label,
                         const json_t *object)
{
    const char *name;
    json_t *value;

    if (!object)
        return;
    metrics_family(to, family, "counter", help);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        const struct metrics_label labels[] = {{label, name}, {NULL, NULL}};

        metrics_number(to, family, labels, (uint64_t)json_integer_value(value));
    }
}

static void write_counter(FILE *to, const char *family, const char *help, const json_t *object,
                          const char *name)
{
    if (!json_object_get(object, name))
        return;
    metrics_family(to, family, "counter", help);
    metrics_number(to, family, NULL, number_of(object, name));
}

/* What the NIC, and the way across from it, counted. */
static void write_ports(FILE *to, const json_t *ports)
{
    static const char nic[] = "afxdp_nic_events_total";
    static const char crossing[] = "afxdp_crossing_lost_packets_total";
    static const char *const names[] = {"nic_rx_packets", "nic_rx_errors",  "nic_rx_dropped",
                                        "nic_rx_fifo",    "nic_tx_packets", "nic_tx_errors",
                                        "nic_tx_dropped"};
    const json_t *port;
    size_t i;

    metrics_family(to, nic, "counter", "The interface's own counters since the start.");
    json_array_foreach(ports, i, port)
    {
        for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
            const struct metrics_label labels[] = {{"interface", text_of(port, "interface")},
                                                   {"event", names[n] + strlen("nic_")},
                                                   {NULL, NULL}};

            metrics_number(to, nic, labels, number_of(port, names[n]));
        }
    }
    if (!json_object_get(json_array_get(ports, 0), "crossing_lost"))
        return;
    metrics_family(to, crossing, "counter", "Packets lost on the way across from an interface.");
    json_array_foreach(ports, i, port)
    {
        const struct metrics_label labels[] = {{"interface", text_of(port, "interface")},
                                               {NULL, NULL}};

        metrics_number(to, crossing, labels, number_of(port, "crossing_lost"));
    }
}

static void write_blocks(FILE *to, const json_t *blocks)
{
    static const char *const names[] = {"begun",   "extended", "ended",    "evicted",
                                        "refused", "failed",   "unproven", "lost"};
    static const char family[] = "afxdp_blocks_total";

    if (!blocks)
        return;
    metrics_family(to, "afxdp_blocked_hosts", "gauge", "Sources that are blocked.");
    metrics_number(to, "afxdp_blocked_hosts", NULL, number_of(blocks, "now"));
    metrics_family(to, family, "counter", "What became of blocks, and of offences.");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct metrics_label labels[] = {{"event", names[i]}, {NULL, NULL}};

        metrics_number(to, family, labels, number_of(blocks, names[i]));
    }
}

static void write_hosts(FILE *to, const struct afxdp_datapath *d)
{
    const struct host_tables *hosts = d->operations->hosts ? d->operations->hosts(d) : NULL;
    uint64_t now = datapath_packet_clock(d);

    if (!hosts || now == 0)
        return;
    metrics_family(to, "afxdp_hosts", "gauge",
                   "Hosts that began flows in the last 9 to 17 s, as cells of the host memory.");
    metrics_number(to, "afxdp_hosts", NULL, host_tables_count(hosts, now, HOSTS_LOOKED_AT));
}

static void write_metrics(void *context, FILE *to)
{
    const struct afxdp_datapath *d = context;
    struct report report;

    datapath_report(d, &report);
    json_t *object = report_json(&report);
    const json_t *events = json_object_get(object, "events");
    const json_t *server = json_object_get(object, "metrics");

    write_run(to, d, object);
    metrics_write_queues(to, d, object);
    write_hosts(to, d);
    write_ports(to, json_object_get(object, "ports"));
    write_blocks(to, json_object_get(object, "blocks"));
    write_counter(to, "afxdp_events_written_total", "Lines of --eve.", events, "written");
    write_object(to, "afxdp_events_lost_total", "Events that found no room, or no reader.", "kind",
                 json_object_get(events, "events_lost"));
    write_object(to, "afxdp_events_left_out_total", "Events beyond the rates asked for.", "kind",
                 json_object_get(events, "left_out"));
    write_counter(to, "afxdp_verdicts_lost_total", "Rows of --verdicts that found no room.", object,
                  "verdicts_lost");
    write_object(to, "afxdp_metrics_requests_total", "What became of scrapers, before this one.",
                 "result", server);
    json_decref(object);
    json_decref(report.live);
}

void metrics_serve(struct afxdp_datapath *d)
{
    if (d->metrics)
        metrics_server_serve(d->metrics, write_metrics, d);
}

json_t *metrics_report(const struct afxdp_datapath *d)
{
    struct metrics_counters counters;
    json_t *object = d->metrics ? json_object() : NULL;

    if (!object)
        return NULL;
    metrics_server_read(d->metrics, &counters);
    report_number(object, "answered", counters.answered);
    report_number(object, "late", counters.late);
    report_number(object, "wrong", counters.wrong);
    report_number(object, "refused", counters.refused);
    report_number(object, "unanswered", counters.unanswered);
    return object;
}
