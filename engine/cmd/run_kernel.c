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

/* Until a signal, a limit (0) or the end of a port (-errno). */
static int watch(struct kernel *kernel, double start, struct error *error)
{
    const struct live_options *options = &kernel->options->live;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    struct path_counters counters;

    while (!run_interrupted()) {
        int status = kernel_check(kernel, error);

        if (status != 0)
            return status;
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
    struct error error = {""};
    struct kernel kernel;

    run_catch_signals();
    if (kernel_open(&kernel, options, model, policy, &error) != 0) {
        program_complain(&engine_program, "%s", error.text);
        return EXIT_USAGE;
    }
    announce(&kernel);
    double start = run_clock();
    int failed = kernel_start(&kernel, &error);
    if (failed == 0) {
        program_complain(&engine_program, "running");
        failed = watch(&kernel, start, &error);
    }
    double seconds = run_clock() - start;
    kernel_stop(&kernel);
    if (failed != 0)
        program_complain(&engine_program, "%s", error.text);
    int status = report(&kernel, model, seconds, failed != 0 ? error.text : NULL);
    if (kernel_close(&kernel, &error) != 0) {
        program_complain(&engine_program, "%s", error.text);
        status = EXIT_FAILED;
    }
    return status;
}
