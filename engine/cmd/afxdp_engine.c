// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-engine: packets in, verdicts out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "afxdp_engine.h"
#include "blocks_export.h"
#include "confine.h"
#include "ctl.h"
#include "datapath.h"
#include "each.h"
#include "engine_doctor.h"
#include "engine_each.h"
#include "other_user.h"
#include "program.h"
#include "progress.h"
#include "rate_line.h"
#include "report_table.h"
#include "service.h"
#include "signals.h"
#include "top.h"

enum { LOOK_MS = 10 }; /* how soon a signal is noticed */

/* What is the program's own, beside the library's options. */
struct printing {
    const char *config;
    bool check;
    bool json;
    bool each;
    uint32_t jobs;           /* 0: not said */
    uint32_t stats_interval; /* s, 0: none */
    struct other_user user;
    struct option_values values;
};

static const struct option_spec printing_options[] = {
    {.group = "Program",
     OPTION_ROW_INPUT("config", struct printing, config),
     .help = "read options from it, name = value a line; what the\ncommand line says wins"},
    {OPTION_ROW_FLAG("check", struct printing, check),
     .help = "check options and model, touch no interface, and exit"},
    {OPTION_ROW_FLAG("json", struct printing, json),
     .help = "one JSON object on stdout at exit, and nothing else there"},
    {OPTION_ROW_FLAG("each", struct printing, each),
     .help = "captures: each alone, as if it were the only one; a line of\nJSON or of the table "
             "for each. --verdicts is then a\nfolder, where NAME.csv is made of each"},
    {OPTION_ROW_NUMBER("jobs", "N", 1, EACH_JOBS_MAX, struct printing, jobs), .letter = 'j',
     .needs = "each", .initial = "1", .help = "so many captures at the same time"},
    {OPTION_ROW_NUMBER("stats-interval", "SECONDS", 1, 86400, struct printing, stats_interval),
     .unit = "s", .help = "a line of rates on stderr this often"},
    {OPTION_ROW_TEXT("user", "NAME", struct printing, user.name),
     .help = "interfaces: become this user, and keep after the start only\nwhat replacing a model "
             "and the end take"},
    {0},
};

static const struct program_verb verbs[] = {{&blocks_program, blocks_main},
                                            {&ctl_program, ctl_main},
                                            {&engine_doctor_program, engine_doctor_main},
                                            {&top_program, top_main},
                                            {0}};

static const struct program engine_program = {
    .name = "afxdp-engine",
    .purpose = "classify every packet of an interface or a capture",
    .usage = "afxdp-engine --iface IF --model FILE [--bridge IF2] [options]\n"
             "       afxdp-engine [--pcap] FILE|FOLDER... --model FILE [options]\n"
             "       afxdp-engine ctl COMMAND [options]\n"
             "       afxdp-engine top [options]\n"
             "       afxdp-engine doctor [IF]",
    .summary = "Classifies every packet with an integer-only neural network or decision tree.",
    .notes = "Nothing is dropped unless --action or the model asks. SIGHUP reads the model's file\n"
             "again, SIGUSR1 prints the report on stderr. `ctl` talks to a running engine,\n"
             "`top` watches one.\n"
             "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {config_options, printing_options},
    .argument = config_add_argument,
    .verbs = verbs,
};

static void print_message(void *context, enum afxdp_message level, const char *text)
{
    (void)context;
    progress_clear();
    program_complain(&engine_program, "%s%s", level == AFXDP_WARNING ? "warning: " : "", text);
}

static bool is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

/* The option whose output has standard output to itself; NULL: none. */
static const char *owner_of_stdout(const struct afxdp_config *config)
{
    if (is_stdout(config->verdicts))
        return "--verdicts";
    if (is_stdout(config->write))
        return "--write";
    return is_stdout(config->eve) ? "--eve" : NULL;
}

static int check_stdout(const struct afxdp_config *config, bool json, struct error *error)
{
    int owners = is_stdout(config->verdicts) + is_stdout(config->write) + is_stdout(config->eve);

    if (owners + json < 2)
        return 0;
    return error_set(error, -EINVAL, "%s and %s - both want standard output: name a file",
                     json                     ? "--json"
                     : is_stdout(config->eve) ? "--eve"
                                              : "--write",
                     owner_of_stdout(config));
}

/* Command line, then --config, then whether it all fits together: an enum program_outcome. */
static int read_options(struct afxdp_config *config, struct printing *printing, int argc,
                        char **argv, struct error *error)
{
    struct option_values values[PROGRAM_TABLES_MAX] = {config->values};

    option_values_init(&values[1], printing_options, printing);
    int status = program_parse(&engine_program, values, argc, argv, error);
    config->values = values[0];
    printing->values = values[1];
    if (status == PROGRAM_RUN && printing->config)
        status = option_read_file(&config->values, printing->config, error);
    values[0] = config->values;
    if (status == PROGRAM_RUN)
        status = option_check_files(values, PROGRAM_TABLES_MAX, NULL, 0, error);
    if (status == PROGRAM_RUN)
        status = config_check(config, error);
    if (status == PROGRAM_RUN && printing->each && (!config->pcap || config->eve || config->write))
        status = error_set(error, -EINVAL, "--each is for --pcap, and without --eve or --write");
    if (status == PROGRAM_RUN && printing->each && printing->stats_interval)
        status = error_set(error, -EINVAL, "--stats-interval is for a run, and without --each");
    if (status == PROGRAM_RUN)
        status = other_user_find(&printing->user, !config->pcap, error);
    if (status == PROGRAM_RUN)
        status = check_stdout(config, printing->json, error);
    return status;
}

static void show_progress(const struct afxdp_datapath *datapath)
{
    struct afxdp_totals totals;
    uint64_t done, size;

    if (!datapath->operations->progress)
        return;
    afxdp_datapath_read(datapath, &totals);
    datapath->operations->progress(datapath, &done, &size);
    progress_bytes(done, size, totals.packets);
}

/* 0 or -errno of writing. */
static int write_report(const struct afxdp_datapath *datapath, bool json, FILE *file)
{
    struct report report;
    int written = 0;

    datapath_report(datapath, &report);
    if (report.error)
        program_complain(&engine_program, "%s", report.error);
    if (json)
        written = report_write_json(file, &report);
    else if (report.lacks)
        written = -ENOMEM;
    else
        report_write_table(file, &report);
    json_decref(report.live);
    if (written == 0 && fflush(file) == EOF)
        written = -errno;
    return written;
}

/* What a signal and an option ask for on the way. */
static void tell_between(const struct afxdp_datapath *datapath, bool json, struct rate_line *rates)
{
    if (signals_report_wanted()) {
        progress_clear();
        (void)write_report(datapath, json, stderr);
    }
    if (rate_line_is_due(rates)) {
        struct afxdp_totals totals;

        progress_clear();
        afxdp_datapath_read(datapath, &totals);
        rate_line_print(rates, stderr, &totals);
    }
}

static void reload(struct afxdp_datapath *datapath, const struct service *service)
{
    struct afxdp_error error;

    service_tell_reloading(service);
    if (afxdp_datapath_reload(datapath, &error) != 0)
        program_complain(&engine_program, "the model at work stays: %s", error.text);
    service_tell(service, "READY=1");
}

/* To the end of the packets, a limit, a signal or a failure (-errno). */
static int run(struct afxdp_datapath *datapath, bool json, uint32_t stats_interval,
               struct service *service)
{
    struct rate_line rates;
    struct afxdp_error error;
    int status = 1;

    rate_line_init(&rates, stats_interval);
    service_tell(service, "READY=1");
    while (status > 0 && !signals_end_wanted()) {
        status = afxdp_datapath_poll(datapath, LOOK_MS, &error);
        show_progress(datapath);
        if (status > 0 && signals_reload_wanted())
            reload(datapath, service);
        if (status > 0)
            tell_between(datapath, json, &rates);
        service_beat(service);
    }
    service_tell(service, "STOPPING=1");
    progress_clear();
    return status < 0 ? status : 0;
}

static int print_report(const struct afxdp_datapath *datapath, bool json, FILE *file, int status)
{
    int written = write_report(datapath, json, file);

    if (written == 0)
        return status;
    program_complain(&engine_program, "cannot write the report: %s", strerror(-written));
    return status == EXIT_DONE ? EXIT_FAILED : status;
}

static int run_datapath(const struct afxdp_config *config, const struct printing *printing,
                        FILE *file, struct afxdp_error *refused)
{
    const struct afxdp_callbacks callbacks = {.message = print_message};
    bool capture = config_datapath(config) == DATAPATH_CAPTURE;
    struct afxdp_datapath *datapath = NULL;
    struct service service;
    struct error deaf;
    int status = EXIT_DONE;

    refused->text[0] = '\0';
    if (service_open(&service, &deaf) != 0)
        program_complain(&engine_program, "warning: %s", deaf.text);
    signals_catch(!capture);
    confine_tell(engine_program.name);
    if (other_user_become(&printing->user, &deaf) != 0) {
        program_complain(&engine_program, "%s", deaf.text);
        service_close(&service);
        return EXIT_USAGE;
    }
    if (afxdp_datapath_open(&datapath, config, &callbacks, refused) != 0 ||
        afxdp_datapath_start(datapath, refused) != 0) {
        program_complain(&engine_program, "%s", refused->text);
        afxdp_datapath_close(datapath);
        service_close(&service);
        return EXIT_USAGE;
    }
    const struct model *model = datapath->judgement->model;
    other_user_keep(&printing->user, model ? model->path : NULL, &engine_program);
    int failed = run(datapath, printing->json, printing->stats_interval, &service);
    if (failed != 0 && !(capture && signals_end_wanted()))
        status = capture ? EXIT_USAGE : EXIT_FAILED;
    afxdp_datapath_stop(datapath);
    if (status == EXIT_DONE && datapath->failed.text[0])
        status = EXIT_FAILED;
    status = print_report(datapath, printing->json, file, status);
    afxdp_datapath_close(datapath);
    service_close(&service);
    return status;
}

/* Of --each. */
static int run_one(const struct afxdp_config *config, bool json, FILE *file,
                   struct afxdp_error *refused)
{
    const struct printing printing = {.json = json};

    return run_datapath(config, &printing, file, refused);
}

static int run_each(const struct afxdp_config *config, const struct printing *printing)
{
    struct engine_each each = {
        .config = config, .jobs = printing->jobs, .json = printing->json, .run = run_one};
    struct error error;

    signals_catch(false);
    int status = engine_each_run(&each, &error);
    if (status >= 0)
        return status;
    program_complain(&engine_program, "%s", error.text);
    return exit_status_of(status);
}

int main(int argc, char **argv)
{
    struct afxdp_config *config = NULL;
    struct printing printing = {NULL};
    struct error error = {""};
    struct afxdp_error unusable;
    int status = EXIT_USAGE;

    program_begin();
    const struct program_verb *verb = program_find_verb(&engine_program, argc, argv);
    if (verb)
        return verb->run(argc - 1, argv + 1);
    if (afxdp_config_new(&config) != 0) {
        program_complain(&engine_program, "no memory");
        return EXIT_FAILED;
    }
    int outcome = read_options(config, &printing, argc, argv, &error);
    if (outcome < 0) {
        program_complain(&engine_program, "%s", error.text);
    } else if (outcome == PROGRAM_DONE) {
        status = EXIT_DONE;
    } else if (!printing.check) {
        status = printing.each ? run_each(config, &printing)
                               : run_datapath(config, &printing,
                                              owner_of_stdout(config) ? stderr : stdout, &unusable);
    } else if (afxdp_config_check(config, &unusable) != 0) {
        program_complain(&engine_program, "%s", unusable.text);
    } else {
        printf("%s: the options and the model are sound\n", engine_program.name);
        status = EXIT_DONE;
    }
    option_values_free(&printing.values);
    afxdp_config_free(config);
    return status;
}
