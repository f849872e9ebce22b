// SPDX-License-Identifier: BSD-2-Clause
/* How late stamped frames are judged by an engine, or come in at a sink behind one. */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "latency.h" /* the skeleton's type */

#include "afxdp_engine.h"
#include "arrivals.skel.h"
#include "monotonic.h"
#include "program.h"

struct latency_options {
    const char *sink;
    const char *engine;
    const char *model;
    const char *cores;
    const char *timestamps;
};

static const struct option_spec specs[] = {
    {.group = "Where",
     OPTION_ROW_TEXT("sink", "IF", struct latency_options, sink),
     .conflicts = "engine,model,cores,timestamps",
     .help = "frames end here; takes the place of the program there,\n"
             "and stays, for a veth without one takes no frames"},
    {OPTION_ROW_TEXT("engine", "IF", struct latency_options, engine),
     .help = "an engine is here, and its verdicts are the end"},
    {OPTION_ROW_TEXT("model", "FILE", struct latency_options, model), .letter = 'm',
     .help = "the engine's"},
    {OPTION_ROW_TEXT("cores", "LIST", struct latency_options, cores), .help = "the engine's"},
    {OPTION_ROW_TEXT("timestamps", "KIND", struct latency_options, timestamps),
     .help = "the engine's"},
    {0},
};

static const struct program latency_program = {
    .name = "afxdp-latency",
    .purpose = "say how late stamped frames are",
    .usage = "afxdp-latency --sink IF | --engine IF --model FILE",
    .summary = "Says `running`, and at SIGINT how late frames of afxdp-generate --stamps were, as "
               "one JSON\nobject: packets, median_ns, p99_ns, p999_ns, max_ns.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {specs},
};

static volatile sig_atomic_t ended;

static void end(int number)
{
    (void)number;
    ended = 1;
}

static uint64_t percentile(const struct latency *latency, double share)
{
    uint64_t before = 0;

    for (uint32_t step = 0; step < LATENCY_STEPS; step++) {
        before += latency->count[step];
        if ((double)before >= share * (double)latency->frames)
            return latency_of_step(step);
    }
    return 0;
}

static void print(const struct latency *latency)
{
    printf("{\"packets\": %llu, \"median_ns\": %llu, \"p99_ns\": %llu, \"p999_ns\": %llu, "
           "\"max_ns\": %llu}\n",
           (unsigned long long)latency->frames, (unsigned long long)percentile(latency, 0.5),
           (unsigned long long)percentile(latency, 0.99),
           (unsigned long long)percentile(latency, 0.999), (unsigned long long)latency->most);
}

/* The verdicts of a burst are there at once. */
static void judged(void *context, uint32_t queue, const struct afxdp_frame *frames,
                   const struct afxdp_result *results, uint32_t count)
{
    uint64_t now = monotonic_ns();
    uint64_t stamp;

    (void)queue;
    (void)results;
    for (uint32_t i = 0; i < count; i++) {
        if (frames[i].length >= SYNTHETIC_HEAD && latency_stamp(frames[i].data, &stamp))
            latency_add(context, now > stamp ? now - stamp : 0);
    }
}

static int set(struct afxdp_config *config, const char *name, const char *value,
               struct afxdp_error *error)
{
    return value ? afxdp_config_set(config, name, value, error) : 0;
}

static int configure(struct afxdp_config *config, const struct latency_options *options,
                     struct afxdp_error *error)
{
    int status = set(config, "iface", options->engine, error);

    if (status == 0)
        status = set(config, "model", options->model, error);
    if (status == 0)
        status = set(config, "cores", options->cores, error);
    if (status == 0)
        status = set(config, "timestamps", options->timestamps, error);
    return status ? status : set(config, "consume", "yes", error);
}

static int run_engine(const struct latency_options *options, struct latency *seen,
                      struct error *error)
{
    const struct afxdp_callbacks callbacks = {.burst = judged, .context = seen};
    struct afxdp_datapath *datapath = NULL;
    struct afxdp_config *config = NULL;
    struct afxdp_error why = {""};
    int status = afxdp_config_new(&config);

    if (status == 0)
        status = configure(config, options, &why);
    if (status == 0)
        status = afxdp_datapath_open(&datapath, config, &callbacks, &why);
    if (status == 0)
        status = afxdp_datapath_start(datapath, &why);
    if (status == 0)
        fprintf(stderr, "running\n");
    for (int on = status == 0; on > 0 && !ended;) {
        on = afxdp_datapath_poll(datapath, 50, &why);
        status = on < 0 ? on : 0;
    }
    afxdp_datapath_close(datapath);
    afxdp_config_free(config);
    return status ? error_set(error, status, "%s", why.text) : 0;
}

static int run_sink(const char *interface, struct latency *seen, struct error *error)
{
    struct arrivals_bpf *skeleton = arrivals_bpf__open_and_load();
    int index = (int)if_nametoindex(interface);
    sigset_t none;

    if (!skeleton)
        return error_set(error, -errno, "cannot load the sink's program: %s", strerror(errno));
    int status = index == 0 ? -ENODEV
                            : bpf_xdp_attach(index, bpf_program__fd(skeleton->progs.afxdp_arrivals),
                                             XDP_FLAGS_DRV_MODE, NULL);
    if (status != 0) {
        (void)error_set(error, status, "%s: cannot attach: %s", interface, strerror(-status));
    } else {
        fprintf(stderr, "running\n");
        sigemptyset(&none);
        while (!ended)
            sigsuspend(&none);
        memcpy(seen, &skeleton->bss->seen, sizeof(*seen));
    }
    arrivals_bpf__destroy(skeleton);
    return status;
}

int main(int argc, char **argv)
{
    static struct latency seen;
    struct latency_options options = {.model = "none"};
    struct sigaction action = {.sa_handler = end};
    struct error error = {""};
    sigset_t interrupt;
    int status;

    program_begin();
    libbpf_set_print(NULL);
    status = program_options(&latency_program, &options, argc, argv, &error);
    if (status == PROGRAM_DONE)
        return EXIT_DONE;
    if (status == 0 && !options.sink == !options.engine)
        status = error_set(&error, -EINVAL, "say --sink IF or --engine IF");
    if (status != 0) {
        program_complain(&latency_program, "%s", error.text);
        return EXIT_USAGE;
    }
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    if (options.sink) /* sigsuspend lets it through */
        sigprocmask(SIG_BLOCK, &interrupt, NULL);
    sigaction(SIGINT, &action, NULL);
    status =
        options.sink ? run_sink(options.sink, &seen, &error) : run_engine(&options, &seen, &error);
    if (status != 0) {
        program_complain(&latency_program, "%s", error.text);
        return EXIT_FAILED;
    }
    print(&seen);
    return EXIT_DONE;
}
