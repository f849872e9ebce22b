// SPDX-License-Identifier: BSD-2-Clause
/* What the engine is compared with: the same pipeline and models over a raw socket, which gets its
 * copy of each packet from the kernel's stack. */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "afxdp_engine.h"
#include "program.h"
#include "raw_receiver.h"

enum { WAIT_MS = 50 };

struct raw_options {
    const char *interface;
    const char *model;
    int cpu;
};

static const struct option_spec specs[] = {
    {.group = "Where",
     OPTION_ROW_TEXT("iface", "IF", struct raw_options, interface),
     .letter = 'i',
     .help = "the interface to listen on"},
    {OPTION_ROW_TEXT("model", "FILE", struct raw_options, model), .letter = 'm',
     .help = "as the engine's"},
    {OPTION_ROW_NUMBER("cpu", "N", 0, CPU_SETSIZE - 1, struct raw_options, cpu),
     .help = "run on this core"},
    {0},
};

static const struct program raw_program = {
    .name = "afxdp-raw",
    .purpose = "classify packets of a raw socket, to compare with",
    .usage = "afxdp-raw --iface IF --model FILE",
    .summary = "Says `running`, and at SIGUSR1 and at its end (SIGINT) one JSON object a line: "
               "packets, and\nlost, for which the socket's ring had no room.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {specs},
};

static volatile sig_atomic_t ended, asked;

static void handle(int number)
{
    if (number == SIGINT)
        ended = 1;
    else
        asked = 1;
}

static void print(const struct afxdp_pipeline *pipeline, struct raw_receiver *receiver)
{
    struct afxdp_totals totals;

    afxdp_pipeline_read(pipeline, &totals);
    printf("{\"packets\": %llu, \"lost\": %llu}\n", (unsigned long long)totals.packets,
           (unsigned long long)raw_receiver_lost(receiver));
    fflush(stdout);
}

static int run(struct afxdp_pipeline *pipeline, struct raw_receiver *receiver)
{
    int status = 0;

    while (!ended && status >= 0) {
        if (asked) {
            asked = 0;
            print(pipeline, receiver);
        }
        status = afxdp_pipeline_run(pipeline);
        if (status == 0)
            status = raw_receiver_wait(receiver, WAIT_MS);
    }
    print(pipeline, receiver);
    return status < 0 ? status : 0;
}

static int open_and_run(const struct raw_options *options, struct error *error)
{
    struct afxdp_pipeline *pipeline = NULL;
    struct raw_receiver *receiver = NULL;
    struct afxdp_config *config = NULL;
    struct afxdp_error why = {""};
    struct afxdp_source source;
    int status = afxdp_config_new(&config);

    if (status == 0)
        status = afxdp_config_set(config, "model", options->model, &why);
    if (status == 0)
        status = raw_receiver_open(&receiver, options->interface, &source, error);
    if (status == 0 && (status = afxdp_pipeline_new(&pipeline, config, &source, &why)) == 0) {
        fprintf(stderr, "running\n");
        status = run(pipeline, receiver);
        if (status != 0)
            (void)error_set(error, status, "%s: %s", options->interface, strerror(-status));
    }
    if (why.text[0])
        (void)error_set(error, status, "%s", why.text);
    afxdp_pipeline_free(pipeline);
    raw_receiver_close(receiver);
    afxdp_config_free(config);
    return status;
}

static int check(const struct raw_options *options, struct error *error)
{
    cpu_set_t core;

    if (!options->interface || if_nametoindex(options->interface) == 0)
        return error_set(error, -EINVAL, "no such interface: say --iface IF");
    CPU_ZERO(&core);
    CPU_SET((size_t)options->cpu, &core);
    if (options->cpu >= 0 && sched_setaffinity(0, sizeof(core), &core) != 0)
        return error_set(error, -errno, "--cpu %d: %s", options->cpu, strerror(errno));
    return 0;
}

int main(int argc, char **argv)
{
    struct raw_options options = {.model = "none", .cpu = -1};
    struct sigaction action = {.sa_handler = handle};
    struct error error = {""};

    program_begin();
    int status = program_options(&raw_program, &options, argc, argv, &error);
    if (status == PROGRAM_DONE)
        return EXIT_DONE;
    if (status == 0)
        status = check(&options, &error);
    if (status != 0) {
        program_complain(&raw_program, "%s", error.text);
        return EXIT_USAGE;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    status = open_and_run(&options, &error);
    if (status != 0)
        program_complain(&raw_program, "%s", error.text);
    return status == 0 ? EXIT_DONE : EXIT_FAILED;
}
