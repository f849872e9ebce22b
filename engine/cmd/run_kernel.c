// SPDX-License-Identifier: BSD-2-Clause
#include "run_kernel.h"

#include <time.h>

#include "kernel.h"
#include "kernel_report.h"
#include "run.h"

enum { LOOK_MS = 10 };

/* What was obtained, always; and what becomes of packets. */
static void announce(const struct kernel *kernel)
{
    const struct live_options *options = &kernel->options->live;
    const struct xdp_attachment *a = guard_attachment(kernel->guard[0]);
    static const char *const ways[] = {" to the host", " and ", " to ", " and back out"};

    program_complain(&engine_program,
                     "%s%s%s: model inside the kernel (%s), %u queue%s, %s XDP by %s, %llu flows a "
                     "CPU%s",
                     kernel->nics.nic[0]->name, ways[options->way],
                     options->other ? options->other : "", kernel->model.path->program->form,
                     kernel->nics.queues, kernel->nics.queues == 1 ? "" : "s",
                     a->skb ? "generic" : "native", xdp_means_name(a->means),
                     (unsigned long long)path_flow_capacity(kernel->model.path),
                     kernel->frags ? ", frames of several buffers" : "");
    if (!policy_drops(kernel->policy))
        program_complain(&engine_program,
                         "nothing is dropped: neither --action nor the model asks for it");
}

/* What a run has of its model; another takes its place on SIGHUP. */
struct reloaded {
    struct model *model; /* NULL: the first is still at work */
    struct policy policy;
};

/* Reads the model's file again. When anything is wrong with it, or it doesn't load, the model at
 * work stays. */
static void reload(struct kernel *kernel, struct reloaded *reloaded)
{
    const struct engine_options *options = kernel->options;
    struct model *model = NULL;
    struct policy policy;
    struct error error;
    int status = model_open_to_run(&model, options->model, &error);

    if (status == 0)
        status = engine_policy(&policy, options, model->file, &error);
    if (status == 0)
        status = kernel_replace(kernel, model, &policy, &error);
    if (status != 0) {
        program_complain(&engine_program, "the model at work stays: %s", error.text);
        model_close(model);
        return;
    }
    program_complain(&engine_program, "%s is at work, checksum %08x", model->path,
                     model->file->checksum);
    model_close(reloaded->model);
    reloaded->model = model;
    reloaded->policy = policy;
    kernel->policy = &reloaded->policy;
}

/* Until a signal, a limit (0) or the end of a port (-errno). */
static int watch(struct kernel *kernel, struct reloaded *reloaded, double start,
                 struct error *error)
{
    const struct live_options *options = &kernel->options->live;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    struct path_counters counters;

    while (!run_interrupted()) {
        int status = kernel_check(kernel, error);

        if (status != 0)
            return status;
        if (run_reload_wanted() && (kernel->model.nn || kernel->model.dt))
            reload(kernel, reloaded);
        if (options->duration && run_clock() - start >= (double)options->duration)
            break;
        if (options->packets) {
            path_totals(kernel->model.path, &counters);
            if (counters.stats.packets >= options->packets)
                break;
        }
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int report(const struct kernel *kernel, const struct model *model, double seconds,
                  const char *failure)
{
    struct path_counters counters;
    struct report report = {
        .datapath = "kernel",
        .source = kernel->nics.nic[0]->name,
        .seconds = seconds,
        .policy = kernel->policy,
        .model_variant = kernel->model.path->program->form,
        .error = failure,
        .live = kernel_report(kernel),
    };

    path_totals(kernel->model.path, &counters);
    report.totals = counters.stats;
    int status = run_report(&report, kernel->options, model, failure ? EXIT_FAILED : EXIT_DONE);
    json_decref(report.live);
    return status;
}

int run_kernel(const struct engine_options *options, const struct model *model,
               const struct policy *policy)
{
    struct reloaded reloaded = {NULL};
    struct error error = {""};
    struct kernel kernel;

    run_catch_signals();
    run_catch_reload();
    if (kernel_open(&kernel, options, model, policy, &error) != 0) {
        program_complain(&engine_program, "%s", error.text);
        return EXIT_USAGE;
    }
    announce(&kernel);
    double start = run_clock();
    int failed = kernel_start(&kernel, &error);
    if (failed == 0) {
        program_complain(&engine_program, "running");
        failed = watch(&kernel, &reloaded, start, &error);
    }
    double seconds = run_clock() - start;
    kernel_stop(&kernel);
    if (failed != 0)
        program_complain(&engine_program, "%s", error.text);
    int status = report(&kernel, reloaded.model ? reloaded.model : model, seconds,
                        failed != 0 ? error.text : NULL);
    if (kernel_close(&kernel, &error) != 0) {
        program_complain(&engine_program, "%s", error.text);
        status = EXIT_FAILED;
    }
    model_close(reloaded.model);
    return status;
}
