// SPDX-License-Identifier: BSD-2-Clause
#include "run_capture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "capture.h"
#include "pipeline.h"
#include "report.h"
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

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* Without SA_RESTART: a read of standard input must end too. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

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
    run->pipeline = calloc(1, sizeof(*run->pipeline));
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
    const struct path path = {.in = capture_port(run->capture), .stats = run->stats};
    int received = 0;

    while (!interrupted && received >= 0)
        received = pipeline_run(run->pipeline, &path);
    return interrupted || received == -ENODATA ? 0 : received;
}

static int print_report(const struct report *report, const struct engine_options *options)
{
    /* Verdicts on standard output have it to themselves. */
    bool verdicts_there = options->verdicts && strcmp(options->verdicts, "-") == 0;
    FILE *file = verdicts_there ? stderr : stdout;

    if (options->json)
        return report_write_json(file, report);
    report_write_table(file, report);
    return fflush(file) == EOF ? -errno : 0;
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
    catch_signals();
    double start = seconds_now();
    if (classify_all(&run)) {
        error_set(&error, 0, "%s", capture_fault(run.capture));
        status = EXIT_USAGE;
    }
    double seconds = seconds_now() - start;
    if (run.log && verdict_log_close(run.log, &error))
        status = EXIT_FAILED;

    struct report report = {
        .datapath = "pcap",
        .source = options->pcap,
        .seconds = seconds,
        .totals = *run.stats,
        .policy = policy,
        .model_path = model ? model->path : NULL,
        .model_kind = model ? model->classifier->kind : NULL,
        .model_variant = model ? model->classifier->variant : NULL,
        .model_checksum = model ? model->file->checksum : 0,
        .error = status ? error.text : NULL,
    };
    if (status)
        program_complain(&engine_program, "%s", error.text);
    int err = print_report(&report, options);
    if (err) {
        program_complain(&engine_program, "cannot write the report: %s", strerror(-err));
        status = status ? status : EXIT_FAILED;
    }
    dispose(&run);
    return status;
}
