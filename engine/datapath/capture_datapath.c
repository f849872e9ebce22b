// SPDX-License-Identifier: BSD-2-Clause
/* A capture as a datapath: no thread, no interface; packets are classified in afxdp_datapath_poll.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bursts.h"
#include "capture.h"
#include "capture_paths.h"
#include "datapath.h"
#include "events.h"
#include "listed_port.h"
#include "monotonic.h"
#include "packets.h"
#include "report_value.h"
#include "say.h"
#include "verdict_log.h"

enum {
    /* Bytes from which on it pays to have the whole flow table there before the first packet. */
    LONG_CAPTURE = 32 << 20,
    BURSTS = 64, /* between two looks at the clock */
};

struct capture_datapath {
    struct afxdp_datapath base;
    struct capture_paths paths;
    struct capture *capture;
    struct listed_port listed;                /* before it, where there are lists */
    union prefix_element *set[ADDRESS_LISTS]; /* that they look at */
    struct flow_table *table;
    struct host_tables *hosts; /* NULL: feature set 1 */
    struct limits *limits;     /* NULL: none */
    struct verdict_log *log;
    struct pipeline *pipeline;
    struct bursts bursts;
    struct stats *stats;
};

static struct capture_datapath *of(struct afxdp_datapath *base)
{
    return (struct capture_datapath *)base;
}

static void set_judge(struct capture_datapath *d, const struct judge *judge)
{
    d->pipeline->classifier = judge->classifier;
    d->pipeline->policy = judge->policy;
}

static int open_tables(struct capture_datapath *d, struct error *error)
{
    struct flow_table_options flows = config_flows(d->base.config);
    uint64_t done, size;

    capture_progress(d->capture, &done, &size);
    flows.ready = size >= LONG_CAPTURE;
    int status = flow_table_new(&d->table, &flows, error);
    if (status != 0)
        return status;
    status = judgement_hosts(&d->hosts, d->base.judgement, d->base.config, flows.ready, error);
    if (status != 0)
        return status;
    return judgement_limits(&d->limits, d->base.judgement, d->base.config, false, error);
}

/* A folder or a pattern may have named what is to be written. */
static int check_outputs(const struct capture_datapath *d, struct error *error)
{
    const struct afxdp_config *config = d->base.config;
    int status = 0;

    if (config->verdicts)
        status = capture_paths_check_output(&d->paths, "verdicts", config->verdicts, error);
    if (status == 0 && config->eve)
        status = capture_paths_check_output(&d->paths, "eve", config->eve, error);
    for (uint32_t i = 0; status == 0 && config->write && i < config_write_files(config); i++) {
        char name[PATH_MAX];

        packet_files_name(name, config->write, config_write_files(config), i);
        status = capture_paths_check_output(&d->paths, "write", name, error);
    }
    return status;
}

/* What lies in a folder and isn't a capture is told, for it might be one that is damaged. */
static int open_captures(struct capture_datapath *d, struct error *error)
{
    const struct afxdp_config *config = d->base.config;
    int status = 0;

    for (uint32_t i = 0; i < config->capture_count && status == 0; i++)
        status = capture_paths_add(&d->paths, config->captures[i], error);
    if (status == 0)
        status = check_outputs(d, error);
    if (status == 0)
        status = capture_series_open(&d->capture, d->paths.path, d->paths.count, error);
    if (status == 0 && d->paths.left_out)
        say(&d->base.say, AFXDP_WARNING, "%u files are left out, the first because: %s",
            d->paths.left_out, d->paths.why.text);
    return status;
}

static int open_lists(struct capture_datapath *d, struct error *error)
{
    const struct prefix_list *list = d->base.config->list;
    int status = 0;

    listed_port_init(&d->listed, capture_port(d->capture));
    for (uint32_t i = 0, count; status == 0 && i < ADDRESS_LISTS; i++) {
        if (list[i].count == 0)
            continue;
        status = prefix_set_new(&d->set[i], &count, &list[i], error);
        d->listed.set[i] = d->set[i];
    }
    return status;
}

static struct port *port_of(struct capture_datapath *d)
{
    return config_has_lists(d->base.config) ? &d->listed.port : capture_port(d->capture);
}

static int capture_datapath_open(struct afxdp_datapath *base, struct error *error)
{
    struct capture_datapath *d = of(base);
    const struct afxdp_config *config = base->config;
    int status = open_captures(d, error);

    if (status == 0)
        status = open_lists(d, error);
    if (status == 0)
        status = open_tables(d, error);
    if (status == 0 && config->verdicts)
        status = verdict_log_open(&d->log, config->verdicts, &base->judgement->policy,
                                  base->judgement->model != NULL, error);
    if (status != 0)
        return status;
    d->pipeline = pipeline_new();
    d->stats = aligned_alloc(_Alignof(struct stats), sizeof(*d->stats));
    if (!d->pipeline || !d->stats)
        return error_set(error, -ENOMEM, "no memory for a pipeline");
    memset(d->stats, 0, sizeof(*d->stats));
    d->pipeline->table = d->table;
    d->pipeline->hosts = d->hosts;
    d->pipeline->limits = d->limits;
    d->pipeline->tunnels = d->base.config->tunnels;
    d->pipeline->observer = d->log ? verdict_log_observer(d->log) : NULL;
    set_judge(d, &base->judgement->judge);
    bursts_observe(&d->bursts, &base->say, d->pipeline, 0);
    status = events_open(base, NULL, error);
    if (status == 0)
        status = events_observe(base, d->pipeline, error);
    if (status == 0)
        status = packets_open(base, (const char *const[2]){NULL, NULL}, error);
    if (status == 0)
        status = packets_observe(base, d->pipeline, error);
    if (status == 0)
        status = events_start(base, error);
    return status == 0 ? packets_start(base, error) : status;
}

static int capture_datapath_start(struct afxdp_datapath *base, struct error *error)
{
    (void)base;
    (void)error;
    return 0;
}

/* What couldn't be read, where the rest could. */
static void tell_unread(const struct capture_datapath *d)
{
    const struct capture_unread *unread;
    char name[CAPTURE_LINK_NAME_MAX];

    for (uint32_t i = 0, kinds = capture_unread(d->capture, &unread); i < kinds; i++)
        say(&d->base.say, AFXDP_WARNING,
            "%llu packets of capture %s have link type %s, which can't be read: they count as "
            "other",
            (unsigned long long)unread[i].packets, d->base.config->pcap,
            capture_link_name(unread[i].number, name));
}

static void tell_listed(const struct capture_datapath *d)
{
    if (config_has_lists(d->base.config))
        say(&d->base.say, AFXDP_INFO,
            "%llu packets allowed, %llu denied: they are in none of the other numbers",
            (unsigned long long)d->listed.allowed, (unsigned long long)d->listed.denied);
}

static int capture_datapath_poll(struct afxdp_datapath *base, unsigned timeout_ms,
                                 struct error *error)
{
    struct capture_datapath *d = of(base);
    const struct route route = {.in = port_of(d), .stats = d->stats};
    uint64_t end = monotonic_ms() + timeout_ms;
    int received = 0;

    do {
        for (int i = 0; i < BURSTS && received >= 0; i++)
            received = pipeline_run(d->pipeline, &route);
    } while (received >= 0 && !datapath_is_done(base) && monotonic_ms() < end);
    if (received >= 0)
        return 1;
    if (received == -ENODATA) {
        tell_unread(d);
        tell_listed(d);
    }
    return received == -ENODATA || received == -EINTR
               ? 0
               : error_set(error, received, "%s", capture_fault(d->capture));
}

static int capture_datapath_replace(struct afxdp_datapath *base, const struct judgement *next,
                                    struct error *error)
{
    (void)error;
    set_judge(of(base), &next->judge);
    return 0;
}

static void capture_datapath_totals(const struct afxdp_datapath *base, struct stats *totals)
{
    const struct capture_datapath *d = (const struct capture_datapath *)base;

    memset(totals, 0, sizeof(*totals));
    stats_add_snapshot(totals, d->stats);
}

static void capture_datapath_report(const struct afxdp_datapath *base, struct report *report)
{
    const struct capture_datapath *d = (const struct capture_datapath *)base;
    const struct capture_unread *kinds;
    char name[CAPTURE_LINK_NAME_MAX];
    json_t *unread = json_object();

    for (uint32_t i = 0, count = capture_unread(d->capture, &kinds); i < count; i++)
        report_number(unread, capture_link_name(kinds[i].number, name), kinds[i].packets);
    report->source = base->config->pcap;
    report->live = json_object();
    report_put(report->live, "unread", unread);
    report_number(report->live, "captures", d->paths.count);
    report_number(report->live, "allowed", d->listed.allowed);
    report_number(report->live, "denied", d->listed.denied);
}

static void capture_datapath_progress(const struct afxdp_datapath *base, uint64_t *done,
                                      uint64_t *size)
{
    capture_progress(((const struct capture_datapath *)base)->capture, done, size);
}

static int capture_datapath_stop(struct afxdp_datapath *base, struct error *error)
{
    struct capture_datapath *d = of(base);
    int status = d->log ? verdict_log_close(d->log, error) : 0;
    d->log = NULL;
    int events = events_end(base, status == 0 ? error : NULL);
    status = status == 0 ? events : status;
    int packets = packets_end(base, status == 0 ? error : NULL);
    return status == 0 ? packets : status;
}

static void capture_datapath_close(struct afxdp_datapath *base)
{
    struct capture_datapath *d = of(base);
    struct error ignored;

    (void)capture_datapath_stop(base, &ignored);
    capture_close(d->capture);
    for (uint32_t i = 0; i < ADDRESS_LISTS; i++)
        free(d->set[i]);
    capture_paths_free(&d->paths);
    flow_table_free(d->table);
    host_tables_free(d->hosts);
    free(d->limits);
    free(d->pipeline);
    free(d->stats);
}

struct afxdp_datapath *capture_datapath_new(void)
{
    static const struct datapath_operations operations = {
        .open = capture_datapath_open,
        .start = capture_datapath_start,
        .poll = capture_datapath_poll,
        .replace = capture_datapath_replace,
        .totals = capture_datapath_totals,
        .report = capture_datapath_report,
        .progress = capture_datapath_progress,
        .stop = capture_datapath_stop,
        .close = capture_datapath_close,
    };
    struct capture_datapath *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->base.operations = &operations;
    return &d->base;
}
