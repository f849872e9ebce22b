// SPDX-License-Identifier: BSD-2-Clause
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* Without SA_RESTART: a read of standard input must end too. */
void run_catch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool run_interrupted(void)
{
    return interrupted;
}

static volatile sig_atomic_t reload;

static void want_reload(int signal)
{
    (void)signal;
    reload = 1;
}

void run_catch_reload(void)
{
    struct sigaction action = {.sa_handler = want_reload, .sa_flags = SA_RESTART};

    sigaction(SIGHUP, &action, NULL);
}

bool run_reload_wanted(void)
{
    bool wanted = reload;

    reload = 0;
    return wanted;
}

double run_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int run_report(struct report *report, const struct engine_options *options,
               const struct model *model, int status)
{
    /* Verdicts on standard output have it to themselves. */
    bool verdicts_there = options->verdicts && strcmp(options->verdicts, "-") == 0;
    FILE *file = verdicts_there ? stderr : stdout;
    int written = 0;

    if (model) {
        report->model_path = model->path;
        report->model_kind = model->classifier->kind;
        report->model_checksum = model->file->checksum;
        if (!report->model_variant)
            report->model_variant = model->classifier->variant;
    }
    if (options->json)
        written = report_write_json(file, report);
    else
        report_write_table(file, report);
    if (written == 0 && fflush(file) == EOF)
        written = -errno;
    if (written == 0)
        return status;
    program_complain(&engine_program, "cannot write the report: %s", strerror(-written));
    return status == EXIT_DONE ? EXIT_FAILED : status;
}
