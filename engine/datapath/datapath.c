// SPDX-License-Identifier: BSD-2-Clause
#include "datapath.h"

#include <errno.h>
#include <stdlib.h>

#include "datapath_control.h"
#include "events.h"
#include "metrics.h"
#include "monotonic.h"
#include "packets.h"
#include "public_error.h"
#include "report_value.h"
#include "say.h"
#include "totals.h"

static struct afxdp_datapath *allocate(const struct afxdp_config *config)
{
    switch (config_datapath(config)) {
    case DATAPATH_CAPTURE:
        return capture_datapath_new();
    case DATAPATH_KERNEL:
        return kernel_datapath_new();
    default:
        return live_datapath_new();
    }
}

int afxdp_datapath_open(struct afxdp_datapath **out, const struct afxdp_config *config,
                        const struct afxdp_callbacks *callbacks, struct afxdp_error *error)
{
    struct error said;
    int status = config_check(config, &said);

    if (status != 0)
        return public_error(error, status, &said);
    struct afxdp_datapath *d = allocate(config);
    if (!d)
        return public_error(error, error_set(&said, -ENOMEM, "no memory for a datapath"), &said);
    d->config = config;
    if (callbacks)
        d->say = *callbacks;
    status = judgement_new(&d->judgement, config, &said);
    if (status == 0 && config_datapath(config) != DATAPATH_CAPTURE)
        status = datapath_lists_open(&d->lists, config, &said);
    if (status == 0)
        status = d->operations->open(d, &said);
    if (status == 0)
        status = datapath_control_open(d, &said);
    if (status == 0)
        status = metrics_open(d, &said);
    if (status != 0) {
        afxdp_datapath_close(d);
        return public_error(error, status, &said);
    }
    *out = d;
    return 0;
}

static uint64_t day_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int afxdp_datapath_start(struct afxdp_datapath *d, struct afxdp_error *error)
{
    struct error said;

    d->start = monotonic_s();
    d->start_of_day = day_ns();
    int status = d->operations->start(d, &said);
    if (status != 0)
        return public_error(error, status, &said);
    d->started = true;
    events_tell(d, "started", AFXDP_VERSION);
    if (config_datapath(d->config) == DATAPATH_CAPTURE)
        return 0;
    if (!policy_drops(&d->judgement->policy) && d->config->list[LIST_DENY].count == 0)
        say(&d->say, AFXDP_INFO, "nothing is dropped: neither --action nor the model asks for it");
    say(&d->say, AFXDP_INFO, "running");
    return 0;
}

uint64_t datapath_packet_clock(const struct afxdp_datapath *d)
{
    return d->config->timestamps == TIMESTAMPS_NIC ? 0 : monotonic_ns();
}

bool datapath_is_done(const struct afxdp_datapath *d)
{
    const struct afxdp_config *config = d->config;
    struct stats totals;

    if (d->stop_asked)
        return true;
    if (config->duration && monotonic_s() - d->start >= (double)config->duration)
        return true;
    if (!config->packets)
        return false;
    d->operations->totals(d, &totals);
    return totals.packets >= config->packets;
}

int afxdp_datapath_poll(struct afxdp_datapath *d, unsigned timeout_ms, struct afxdp_error *error)
{
    struct error said;
    int status = d->operations->poll(d, timeout_ms, &said);

    if (status < 0)
        d->failed = said;
    else
        datapath_control_serve(d);
    metrics_serve(d);
    events_watch(d);
    packets_watch(d);
    if (status > 0 && datapath_is_done(d))
        status = 0;
    return public_error(error, status, &said);
}

/* Puts `next` in the place of the judgement at work; on failure it is gone, or kept for a worker
 * that may still use it. */
static int succeed(struct afxdp_datapath *d, struct judgement *next, struct error *error)
{
    int status = judgement_check_successor(d->judgement, next, error);

    if (status == 0)
        status = d->operations->replace(d, next, error);
    if (status == 0) {
        judgement_free(d->judgement);
        d->judgement = next;
    } else if (status == -ETIMEDOUT) {
        next->kept = d->kept;
        d->kept = next;
    } else {
        judgement_free(next);
    }
    return status;
}

static void have_reloaded(struct afxdp_datapath *d)
{
    const struct model *model = d->judgement->model;

    if (!model)
        return;
    say(&d->say, AFXDP_INFO, "%s is at work, checksum %08x", model->path, model->file->checksum);
    if (d->eve)
        eve_set_model(d->eve, model->file->checksum);
    events_tell(d, "model", model->path);
}

int afxdp_datapath_reload(struct afxdp_datapath *d, struct afxdp_error *error)
{
    struct judgement *next = NULL;
    struct error said;
    int status = judgement_new(&next, d->config, &said);

    struct error reopening;
    /* A hang-up is what logrotate sends, whatever becomes of the model. */
    if (d->config->eve && eve_reopen(d->eve, &reopening) != 0)
        say(&d->say, AFXDP_FAULT, "%s", reopening.text);
    for (uint32_t slot = 0; status == 0 && slot < SLOTS; slot++) {
        if (d->slot_changed[slot])
            policy_take_slot(&next->policy, &d->changed, slot);
    }
    if (status == 0)
        status = succeed(d, next, &said);
    if (status != 0)
        return public_error(error, status, &said);
    have_reloaded(d);
    return 0;
}

int datapath_set_action(struct afxdp_datapath *d, const char *text, struct error *error)
{
    struct judgement *next = NULL;
    struct policy before = d->judgement->policy;
    int status = judgement_share(&next, d->judgement, error);

    if (status != 0)
        return status;
    status = policy_set_action(&next->policy, text, error);
    if (status == 0 && policy_blocks(&next->policy) && !d->blocks)
        status = error_set(error, -EOPNOTSUPP, "this run can't block: start with --blocks N");
    if (status == 0 && policy_shunts(&next->policy) && !d->can_shunt)
        status = error_set(error, -EOPNOTSUPP, "this run can't shunt: start with --shunts N");
    if (status == 0 && next->policy.limits && !d->can_limit)
        status = error_set(error, -EOPNOTSUPP,
                           "this run can't limit: start with an --action CLASS=limit:N");
    if (status != 0) {
        judgement_free(next);
        return status;
    }
    status = succeed(d, next, error);
    for (uint32_t slot = 0; status == 0 && slot < SLOTS; slot++) {
        if (policy_same_slot(&next->policy, &before, slot))
            continue;
        policy_take_slot(&d->changed, &next->policy, slot);
        d->slot_changed[slot] = true;
    }
    return status;
}

void afxdp_datapath_read(const struct afxdp_datapath *d, struct afxdp_totals *totals)
{
    struct stats stats;

    d->operations->totals(d, &stats);
    totals_of(&stats, totals);
}

void datapath_report(const struct afxdp_datapath *d, struct report *report)
{
    static const char *const names[DATAPATHS] = {
        [DATAPATH_AFXDP] = "afxdp",
        [DATAPATH_KERNEL] = "kernel",
        [DATAPATH_CAPTURE] = "pcap",
    };
    const struct model *model = d->judgement->model;

    *report = (struct report){
        .datapath = names[config_datapath(d->config)],
        .seconds = d->stopped ? d->seconds : monotonic_s() - d->start,
        .policy = &d->judgement->policy,
        .error = d->failed.text[0] ? d->failed.text : NULL,
    };
    if (model) {
        report->model_path = model->path;
        report->model_kind = model->classifier->kind;
        report->model_variant = model->classifier->variant;
        report->model_checksum = model->file->checksum;
    }
    d->operations->totals(d, &report->totals);
    (void)report_lacks();
    d->operations->report(d, report);
    if ((d->eve || d->writer) && !report->live)
        report->live = json_object();
    if (d->eve)
        report_put(report->live, "events", events_report(d));
    if (d->metrics)
        report_put(report->live, "metrics", metrics_report(d));
    if (d->writer)
        report_put(report->live, "written", packets_report(d));
    report->lacks = report_lacks();
}

char *afxdp_datapath_report(const struct afxdp_datapath *d)
{
    struct report report;

    datapath_report(d, &report);
    json_t *object = report_json(&report);
    char *text = object ? json_dumps(object, JSON_REAL_PRECISION(9)) : NULL;
    json_decref(object);
    json_decref(report.live);
    return text;
}

void afxdp_datapath_stop(struct afxdp_datapath *d)
{
    struct error said;

    if (d->stopped || !d->started)
        return;
    d->seconds = monotonic_s() - d->start;
    d->stopped = true;
    if (d->operations->stop(d, &said) != 0 && d->failed.text[0] == '\0')
        d->failed = said;
}

void afxdp_datapath_close(struct afxdp_datapath *d)
{
    if (!d)
        return;
    afxdp_datapath_stop(d);
    control_close(d->control);
    metrics_server_close(d->metrics);
    d->operations->close(d);
    eve_close(d->eve);
    packet_writer_close(d->writer);
    datapath_lists_close(&d->lists);
    judgement_free(d->judgement);
    while (d->kept) {
        struct judgement *next = d->kept->kept;

        judgement_free(d->kept);
        d->kept = next;
    }
    free(d);
}
