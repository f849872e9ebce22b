// SPDX-License-Identifier: BSD-2-Clause
#include "events.h"

#include <errno.h>

#include "block_text.h"
#include "blocks.h"
#include "day_clock.h"
#include "monotonic.h"
#include "report_value.h"
#include "say.h"

enum { STATS_S = 8 /* Suricata's interval */ };

bool events_wanted(const struct afxdp_datapath *d)
{
    return d->config->eve || d->say.event;
}

bool events_wanted_of_flows(const struct afxdp_datapath *d)
{
    return events_wanted(d) && config_tells_of_flows(d->config);
}

size_t events_bytes_of_flow(const struct afxdp_datapath *d)
{
    return events_wanted_of_flows(d) ? eve_flow_bytes(d->judgement->policy.class_count) : 0;
}

int events_open(struct afxdp_datapath *d, const char *interface, struct error *error)
{
    const struct afxdp_config *config = d->config;
    const struct model *model = d->judgement->model;
    const struct eve_options options = {
        .path = config->eve,
        .tell = d->say.event,
        .context = d->say.context,
        .policy = &d->judgement->policy,
        .interface = interface,
        .types = config->eve_types,
        .rate = config->eve_rate,
        .host_rate = config->eve_host_rate,
        .thresholds = config->eve_hosts,
        .community_seed = config->community_seed,
        .model = model ? model->file->checksum : 0,
        .day_times = config_times_are_of_day(config),
        .waits = !interface,
    };

    return events_wanted(d) ? eve_open(&d->eve, &options, error) : 0;
}

int events_observe(struct afxdp_datapath *d, struct pipeline *pipeline, struct error *error)
{
    struct burst_observer *observer;

    if (!d->eve || !config_tells_of_flows(d->config))
        return 0;
    int status = eve_observe(d->eve, pipeline->table, &observer, error);
    if (status == 0)
        pipeline_add_observer(pipeline, observer);
    return status;
}

int events_start(struct afxdp_datapath *d, struct error *error)
{
    return d->eve ? eve_start(d->eve, error) : 0;
}

static void post_stats(struct afxdp_datapath *d)
{
    struct report report;

    datapath_report(d, &report);
    json_t *object = report_json(&report);
    json_decref(report.live);
    if (object)
        eve_post(d->eve, day_clock_now(), "stats", object);
}

static json_t *block_json(const struct block_event *event)
{
    static const char *const changes[] = {
        [BLOCK_BEGAN] = "begun",     [BLOCK_GREW] = "extended",   [BLOCK_ENDED] = "ended",
        [BLOCK_EVICTED] = "evicted", [BLOCK_REMOVED] = "removed",
    };
    char ip[PREFIX_TEXT_MAX];

    block_text_host(&event->source, ip);
    json_t *object = json_pack("{s:s, s:s}", "src_ip", ip, "change", changes[event->change]);
    if (object && event->seconds)
        (void)json_object_set_new(object, "seconds", json_integer(event->seconds));
    return object;
}

/* Some of what has happened to blocks; whether there was something. */
static bool tell_blocks(const struct afxdp_datapath *d)
{
    struct block_event events[BLOCKS_PAGE];
    uint32_t count = d->blocks ? blocks_take_events(d->blocks, events) : 0;

    for (uint32_t i = 0; i < count; i++)
        eve_post(d->eve, events[i].time, "block", block_json(&events[i]));
    return count != 0;
}

void events_watch(struct afxdp_datapath *d)
{
    struct error error;

    if (!d->eve)
        return;
    bool fails = eve_check(d->eve, &error) != 0;
    if (fails && !d->eve_told)
        say(&d->say, AFXDP_FAULT, "%s; packets go on, their events are lost", error.text);
    d->eve_told = fails;
    (void)tell_blocks(d);
    double now = monotonic_s();
    if (!d->operations->nic || !(d->config->eve_types & EVE_TYPE_STATS) ||
        now - d->stats_posted < STATS_S)
        return;
    d->stats_posted = now;
    post_stats(d);
}

void events_tell(const struct afxdp_datapath *d, const char *what, const char *detail)
{
    if (d->eve && d->operations->nic && d->config->eve_types & EVE_TYPE_ENGINE)
        eve_post(d->eve, day_clock_now(), "engine",
                 json_pack("{s:s, s:s*}", "message", what, "detail", detail));
}

static json_t *by_kind(const uint64_t counts[EVE_KINDS])
{
    json_t *object = json_object();

    report_number(object, "verdict", counts[EVE_VERDICT]);
    report_number(object, "flow", counts[EVE_FLOW]);
    report_number(object, "host", counts[EVE_HOST]);
    return object;
}

/* Of `flow` events. */
static void report_accounts(json_t *object, const struct eve_totals *totals)
{
    json_t *flows = json_object();
    json_t *none = json_object();

    report_number(flows, "flows", totals->unreported_flows);
    report_number(flows, "packets", totals->unreported_packets);
    report_number(flows, "bytes", totals->unreported_bytes);
    report_number(none, "packets", totals->no_flow_packets);
    report_number(none, "bytes", totals->no_flow_bytes);
    report_put(object, "flows_unreported", flows);
    report_put(object, "no_flow", none);
}

json_t *events_report(const struct afxdp_datapath *d)
{
    struct eve_totals totals;

    if (!d->eve)
        return NULL;
    eve_read(d->eve, &totals);
    json_t *object = json_object();
    json_t *lost = by_kind(totals.lost);
    report_number(lost, "other", totals.lost_posts);
    report_number(object, "written", totals.written);
    if (d->config->eve && eve_sink_is_meant(d->config->eve)) {
        report_number(object, "produced", totals.produced);
        report_number(object, "undelivered", totals.undelivered);
    }
    report_put(object, "events_lost", lost);
    report_put(object, "left_out", by_kind(totals.left_out));
    if (d->config->eve_types & EVE_TYPE_FLOW)
        report_accounts(object, &totals);
    return object;
}

int events_end(struct afxdp_datapath *d, struct error *error)
{
    if (!d->eve)
        return 0;
    while (tell_blocks(d)) {
    }
    events_tell(d, "stopped", NULL);
    return eve_end(d->eve, error);
}
