// SPDX-License-Identifier: BSD-2-Clause
#include "run_live.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "live.h"
#include "live_report.h"
#include "run.h"

enum { LOOK_MS = 10 };

/* What was obtained, always; and what becomes of packets, which depends on it. */
static void announce(const struct live *live)
{
    const struct live_options *options = &live->options->live;
    const struct xdp_attachment *a = redirect_attachment(live->sockets.redirect[0]);
    static const char *const ways[] = {" alone", " and ", " to ", " and back out"};

    program_complain(
        &engine_program, "%s%s%s: %s mode, %u queue%s, %s XDP by %s, frames of %u bytes%s",
        live->nics.nic[0]->name, ways[options->way], options->other ? options->other : "",
        live_sockets_mode(&live->sockets), live->nics.queues, live->nics.queues == 1 ? "" : "s",
        a->skb ? "generic" : "native", xdp_means_name(a->means), live->sockets.frame_size,
        live->sockets.multi_buffer ? ", several to a packet" : "");
    if (options->way == LIVE_CONSUME)
        program_complain(
            &engine_program,
            "warning: on a single port packets can't go on from the engine: what isn't "
            "dropped is consumed (for more: --bridge, --forward, --hairpin; to protect "
            "this host: --datapath kernel)");
    if (!policy_drops(live->policy))
        program_complain(&engine_program,
                         "nothing is dropped: neither --action nor the model asks for it");
}

/* Until a signal, a limit (0) or the end of a port (-errno). */
static int watch(struct live *live, double start, struct error *error)
{
    const struct live_options *options = &live->options->live;
    const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
    struct stats totals;

    while (!run_interrupted()) {
        int status = live_check(live, error);

        if (status != 0)
            return status;
        if (options->duration && run_clock() - start >= (double)options->duration)
            break;
        if (options->packets) {
            live_totals(live, &totals);
            if (totals.packets >= options->packets)
                break;
        }
        live_check_promises(live);
        nanosleep(&pause, NULL);
    }
    return 0;
}

static int report(const struct live *live, const struct model *model, double seconds,
                  const char *failure)
{
    struct report report = {
        .datapath = "afxdp",
        .source = live->nics.nic[0]->name,
        .seconds = seconds,
        .policy = live->policy,
        .error = failure,
        .live = live_report(live),
    };

    live_totals(live, &report.totals);
    int status = run_report(&report, live->options, model, failure ? EXIT_FAILED : EXIT_DONE);
    json_decref(report.live);
    return status;
}

static int run(struct live *live, const struct model *model)
{
    struct error error = {""};
    double start = run_clock();
    int status = live_start(live, &error);

    if (status == 0) {
        program_complain(&engine_program, "running");
        status = watch(live, start, &error);
    }
    double seconds = run_clock() - start;
    live_stop(live);
    if (status != 0)
        program_complain(&engine_program, "%s", error.text);
    return report(live, model, seconds, status != 0 ? error.text : NULL);
}

int run_live(const struct engine_options *options, const struct model *model,
             const struct policy *policy)
{
    static struct live live; /* too large for a stack */
    struct error error = {""};

    run_catch_signals();
    if (live_open(&live, options, model, policy, &error) != 0) {
        program_complain(&engine_program, "%s", error.text);
        return EXIT_USAGE;
    }
    announce(&live);
    int status = run(&live, model);
    if (live_close(&live, &error) != 0) {
        program_complain(&engine_program, "%s", error.text);
        status = EXIT_FAILED;
    }
    return status;
}
