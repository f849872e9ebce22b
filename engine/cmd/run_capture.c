// SPDX-License-Identifier: BSD-2-Clause
#include "run_capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "pipeline.h"
#include "run.h"
#include "verdict_log.h"

/* Bytes from which on it pays to have the whole flow table there before the first packet. */
enum { LONG_CAPTURE = 32 << 20 };

/* What a run holds; freed as a whole. */
struct run {
    struct capture *capture;
    struct flow_table *table;
    struct verdict_log *log;
    struct pipeline *pipeline;
    struct stats *stats;
};

static int prepare(struct run *run, const struct engine_options *options, const struct model *model,
                   const struct policy *policy, struct error *error)
{
    struct flow_table_options flows = options->flows;
    struct stat file;
    int err = capture_open(&run->capture, options->pcap, error);

    flows.ready = stat(options->pcap, &file) == 0 && file.st_size >= LONG_CAPTURE;
    if (!err)
        err = flow_table_new(&run->table, &flows, error);
    if (!err && options->verdicts)
        err = verdict_log_open(&run->log, options->verdicts, policy, model != NULL, error);
    if (err)
        return err;
    run->pipeline = pipeline_new();
    run->stats = aligned_alloc(_Alignof(struct stats), sizeof(*run->stats));
    if (!run->pipeline || !run->stats)
        return error_set(error, -ENOMEM, "no memory for a pipeline");
    memset(run->stats, 0, sizeof(*run->stats));
    run->pipeline->table = run->table;
    run->pipeline->classifier = model ? model->classifier : NULL;
    run->pipeline->policy = policy;
    run->pipeline->observer = run->log ? verdict_log_observer(run->log) : NULL;
    return 0;
}

static void dispose(struct run *run)
{
    capture_close(run->capture);
    flow_table_free(run->table);
    free(run->pipeline);
    free(run->stats);
}

/* To the capture's end, or until a signal. 0, or -errno where it breaks off. */
static int classify_all(struct run *run)
{
    const struct route route = {.in = capture_port(run->capture), .stats = run->stats};
    int received = 0;

    while (!run_interrupted() && received >= 0)
        received = pipeline_run(run->pipeline, &route);
    return run_interrupted() || received == -ENODATA ? 0 : received;
}

int run_capture(const struct engine_options *options, const struct model *model,
                const struct policy *policy)
{
    struct run run = {0};
    struct error error = {""};
    int status = EXIT_DONE;

    if (prepare(&run, options, model, policy, &error)) {
        program_complain(&engine_program, "%s", error.text);
        if (run.log)
            verdict_log_close(run.log, &error);
        dispose(&run);
        return EXIT_USAGE;
    }
    if (capture_link(run.capture) == LINK_UNKNOWN)
        program_complain(&engine_program,
                         "warning: capture %s has link type %s, which is not supported: every "
                         "packet counts as other",
                         options->pcap, capture_link_name(run.capture));
    run_catch_signals();
    double start = run_clock();
    if (classify_all(&run)) {
        error_set(&error, 0, "%s", capture_fault(run.capture));
        status = EXIT_USAGE;
    }
    double seconds = run_clock() - start;
    if (run.log && verdict_log_close(run.log, &error))
        status = EXIT_FAILED;

    struct report report = {
        .datapath = "pcap",
        .source = options->pcap,
        .seconds = seconds,
        .totals = *run.stats,
        .policy = policy,
        .error = status ? error.text : NULL,
    };
    if (status)
        program_complain(&engine_program, "%s", error.text);
    status = run_report(&report, options, model, status);
    dispose(&run);
    return status;
}
