// SPDX-License-Identifier: BSD-2-Clause
#include "packets.h"

#include <errno.h>

#include "report_value.h"
#include "say.h"

int packets_open(struct afxdp_datapath *d, const char *const interface[2], struct error *error)
{
    const struct afxdp_config *config = d->config;
    const struct packet_writer_options options = {
        .files =
            {
                .path = config->write,
                .interface = {interface[0], interface[1]},
                .snaplen = config->write_snaplen,
                .most = config->write_max,
                .count = config_write_files(config),
            },
        .rule = config->write_if,
        .policy = &d->judgement->policy,
        .classified = d->judgement->model != NULL,
        .day_times = config_times_are_of_day(config),
        .waits = !interface[0],
    };

    return config->write ? packet_writer_open(&d->writer, &options, error) : 0;
}

int packets_observe(struct afxdp_datapath *d, struct pipeline *pipeline, struct error *error)
{
    struct burst_observer *observer;

    if (!d->writer)
        return 0;
    int status = packet_writer_observe(d->writer, pipeline->table, &observer, error);
    if (status == 0)
        pipeline_add_observer(pipeline, observer);
    return status;
}

int packets_start(struct afxdp_datapath *d, struct error *error)
{
    return d->writer ? packet_writer_start(d->writer, error) : 0;
}

void packets_watch(struct afxdp_datapath *d)
{
    struct error error;

    if (!d->writer || d->writer_told || packet_writer_check(d->writer, &error) == 0)
        return;
    d->writer_told = true;
    say(&d->say, AFXDP_FAULT, "%s; packets go on, their copies are lost", error.text);
}

json_t *packets_report(const struct afxdp_datapath *d)
{
    struct packet_writer_totals totals;

    if (!d->writer)
        return NULL;
    packet_writer_read(d->writer, &totals);
    json_t *object = json_object();
    report_number(object, "matched", totals.matched);
    report_number(object, "written", totals.written);
    report_number(object, "lost", totals.lost);
    report_number(object, "beyond", totals.beyond);
    return object;
}

int packets_end(struct afxdp_datapath *d, struct error *error)
{
    struct packet_writer_totals totals;

    if (!d->writer || d->writer_ended)
        return 0;
    d->writer_ended = true;
    int status = packet_writer_end(d->writer, error);
    packet_writer_read(d->writer, &totals);
    if (status == 0 && totals.lost > 0)
        say(&d->say, AFXDP_WARNING,
            "--write: %llu packets are missing, the file was slower than they came",
            (unsigned long long)totals.lost);
    if (totals.beyond > 0)
        say(&d->say, AFXDP_WARNING, "--write: %llu packets are missing, the file was full",
            (unsigned long long)totals.beyond);
    return status;
}
