// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-features: a capture to its features.csv, by the engine's own pipeline. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_paths.h"
#include "each.h"
#include "extraction.h"
#include "features_csv.h"
#include "program.h"
#include "progress.h"
#include "signals.h"

/* Two runs over a capture write the same rows: the seeds are fixed. */
static const struct extraction_options features_defaults = {
    .flows = {.flows = FLOWS_DEFAULT, .timeout = FLOW_TIMEOUT_DEFAULT, .fixed_seed = true},
    .hosts = {.cells = HOST_CELLS_DEFAULT, .rows = 1, .fixed_seed = true},
    .tunnels = TUNNEL_OPTIONS_DEFAULT,
    .feature_set = FEATURE_SET_1,
};

static int parse_hosts(void *target, const char *value, struct error *error)
{
    return host_tables_parse(&((struct extraction_options *)target)->hosts, value, error);
}

static int parse_unlabelled(void *target, const char *value, struct error *error)
{
    if (!*value || !features_csv_label_is_valid(value))
        return error_set(error, -EINVAL, "--unlabelled '%.70s': not a label", value);
    ((struct extraction_options *)target)->unlabelled = value;
    return 0;
}

static int parse_zone(void *target, const char *value, struct error *error)
{
    return labels_parse_zone(&((struct extraction_options *)target)->labels, value, error);
}

static int parse_offset(void *target, const char *value, struct error *error)
{
    return labels_parse_offset(&((struct extraction_options *)target)->labels, value, error);
}

static int add_capture(void *target, const char *value, struct error *error)
{
    struct extraction_options *options = target;
    void *grown =
        reallocarray(options->captures, options->capture_count + 1, sizeof(*options->captures));

    if (!grown)
        return error_set(error, -ENOMEM, "no memory for the names of captures");
    options->captures = grown;
    options->captures[options->capture_count++] = value;
    return 0;
}

/* The table's target: what is the program's own stands behind the library's options. */
struct features {
    struct extraction_options options;
    bool each;
    uint32_t jobs;
};

static const struct option_spec features_specs[] = {
    {.group = "Output",
     OPTION_ROW_OUTPUT("output", struct extraction_options, output),
     .letter = 'o',
     .help = "where the rows go (-: standard output, the default)"},
    {OPTION_ROW_FLAG("each", struct features, each), .needs = "output",
     .help = "each capture alone, as if it were the only one; --output is\na folder, where "
             "NAME.csv is made of each"},
    {OPTION_ROW_NUMBER("jobs", "N", 1, EACH_JOBS_MAX, struct features, jobs), .letter = 'j',
     .needs = "each", .initial = "1", .help = "so many captures at the same time"},
    {OPTION_ROW_NUMBER("set", "N", FEATURE_SET_1, FEATURE_SET_2, struct extraction_options,
                       feature_set),
     .initial = "1",
     .help = "feature set: 1, twelve of the flow, or 2, sixteen more of the\nflow and its hosts"},
    {OPTION_ROW_INPUT("code", struct extraction_options, code),
     .help = "a code.json of `afxdp-model code`: write what a network\nis trained on, codes 0..127 "
             "instead of the integers"},
    {.group = "Labels",
     OPTION_ROW_TEXT("label", "NAME", struct extraction_options, label),
     .conflicts = "labels",
     .help = "every packet has this label"},
    {OPTION_ROW_INPUT("labels", struct extraction_options, labels.path),
     .help = "labels by packet (a CSV with the header index,label) or by\n"
             "flow table: any of the columns start, end, protocol, source,\n"
             "destination, source_port, destination_port, source_mac,\n"
             "destination_mac, then label (an empty cell matches anything,\n"
             "a row matches either way round, the first that matches wins,\n"
             "times are Unix seconds), or as another tool writes it"},
    {OPTION_ROW_CHOICE("label-format", "FORMAT", labels_format_names, struct extraction_options,
                       labels.format),
     .initial = "auto", .needs = "labels",
     .help = "own, zeek (conn.log), eve (Suricata), cic (CICFlowMeter),\n"
             "unsw (UNSW-NB15), argus (ra, CTU-13), by its first line"},
    {OPTION_ROW_TEXT("label-column", "NAME", struct extraction_options, labels.column),
     .needs = "labels", .help = "the column with the class, instead of the format's own"},
    {OPTION_ROW_OTHER("label-zone", "ZONE", parse_zone), .initial = "UTC", .needs = "labels",
     .help = "zone of dates that name none, as -03:00"},
    {OPTION_ROW_CHOICE("label-unit", "UNIT", labels_unit_names, struct extraction_options,
                       labels.unit),
     .initial = "s", .needs = "labels", .help = "of times that are plain numbers: s, ms, us or ns"},
    {OPTION_ROW_OTHER("label-offset", "SECONDS", parse_offset), .needs = "labels",
     .help = "add this to all times of the table, as -3600 or 0.25"},
    {OPTION_ROW_OTHER("unlabelled", "NAME", parse_unlabelled),
     .help = "label of packets that --labels has none for; without it they\nare left out"},
    {.group = "Flows",
     OPTION_ROW_FLAG("flows", struct extraction_options, places),
     .help = "two more columns: flow, its number in the capture (from 0), and\n"
             "packet, the row's number in the flow (from 1)"},
    {OPTION_ROW_NUMBER("flow-timeout", "SECONDS", 0, FLOW_TIMEOUT_MAX, struct extraction_options,
                       flows.timeout),
     .unit = "s", .initial = "120", .help = "a silent flow's next packet starts a new one"},
    {OPTION_ROW_OTHER("hosts", "CELLS[:ROWS]", parse_hosts), .initial = "65536:1",
     .help = HOST_TABLES_HELP},
    {OPTION_ROW_OTHER("tunnels", "LIST", extraction_parse_tunnels), .initial = "none",
     .help = TUNNELS_HELP},
    {OPTION_ROW_OTHER("flow-key", "LIST", extraction_parse_flow_key), .initial = "tunnel",
     .help = FLOW_KEY_HELP},
    {0},
};

static const struct program features_program = {
    .name = "afxdp-features",
    .purpose = "write the integer features of each packet of a capture",
    .usage = "afxdp-features CAPTURE... [--label NAME | --labels FILE] [-o features.csv]",
    .summary =
        "Writes the integer features of every classified packet of captures (pcap or pcapng,\n"
        "packed too; -: standard input) as the engine computes them, one CSV row each. A capture\n"
        "is a file, a folder or a pattern; several are one stream, in the order of time.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {features_specs},
    .argument = add_capture,
};

static int check(const struct extraction_options *options, struct error *error)
{
    if (options->capture_count == 0)
        return error_set(error, -EINVAL, "no capture: afxdp-features CAPTURE -o features.csv");
    if (options->labels.path && strcmp(options->labels.path, "-") == 0 &&
        strcmp(options->captures[0], "-") == 0)
        return error_set(error, -EINVAL, "capture and --labels both want standard input");
    return 0;
}

static void print_notes(const struct labels *labels)
{
    const char *const *lines;

    for (uint32_t i = 0, count = labels_notes(labels, &lines); i < count; i++)
        program_complain(&features_program, "%s", lines[i]);
}

/* What has no other half, and the clock that would have found most of it. */
static void report_join(const struct labels *labels, const char *path)
{
    struct labels_joined joined;
    char shift[96] = "";

    labels_joined(labels, &joined);
    if (joined.rows_unmatched == 0 && joined.packets_unmatched == 0)
        return;
    if (joined.would_join > joined.packets - joined.packets_unmatched)
        snprintf(shift, sizeof(shift), "; with --label-offset %lld, %llu of these would have one",
                 (long long)joined.shift / 1000000000, (unsigned long long)joined.would_join);
    program_complain(&features_program,
                     "labels %s: %llu of %llu rows gave no packet a label, %llu of %llu packets "
                     "have no row%s",
                     path, (unsigned long long)joined.rows_unmatched,
                     (unsigned long long)joined.rows, (unsigned long long)joined.packets_unmatched,
                     (unsigned long long)joined.packets, shift);
}

static void warn(const struct extraction *extraction, const struct extraction_options *options)
{
    const struct capture_unread *unread;
    char name[CAPTURE_LINK_NAME_MAX];

    for (uint32_t i = 0, kinds = capture_unread(extraction_capture(extraction), &unread); i < kinds;
         i++)
        program_complain(&features_program,
                         "warning: %llu packets of capture %s have link type %s, which can't be "
                         "read: they have no rows",
                         (unsigned long long)unread[i].packets, options->captures[0],
                         capture_link_name(unread[i].number, name));
    const char *why;
    uint32_t left_out = extraction_left_out(extraction, &why);
    if (left_out > 0)
        program_complain(&features_program, "warning: %u files are left out, the first because: %s",
                         left_out, why);
    if (extraction_evictions(extraction) > 0)
        program_complain(&features_program,
                         "warning: %llu flows were evicted while they lived: their later packets "
                         "count as new flows",
                         (unsigned long long)extraction_evictions(extraction));
}

static int run(const struct extraction_options *options, struct error *error)
{
    struct extraction *extraction = NULL;
    int err = extraction_new(&extraction, options, error);

    if (err)
        return err;
    if (extraction_labels(extraction))
        print_notes(extraction_labels(extraction));
    err = extraction_run(extraction, error);
    progress_clear();
    if (!err)
        warn(extraction, options);
    if (!err && options->labels.path)
        report_join(extraction_labels(extraction), options->labels.path);
    extraction_free(extraction);
    return err;
}

static int complain(int err, const struct error *error)
{
    if (!err)
        return EXIT_DONE;
    program_complain(&features_program, "%s", error->text);
    return err == -EIO ? EXIT_FAILED : EXIT_USAGE;
}

struct work {
    const struct features *features;
    struct capture_paths paths;
};

static int run_one(void *context, uint32_t i, FILE *out)
{
    const struct work *work = context;
    struct extraction_options options = work->features->options;
    const char *capture = work->paths.path[i];
    char *output = capture_paths_rows(options.output, capture);
    struct error error;
    int err;

    (void)out;
    if (!output)
        return EXIT_FAILED;
    options.captures = &capture;
    options.capture_count = 1;
    options.output = output;
    options.progress = NULL;
    err = run(&options, &error);
    free(output);
    if (err && !strstr(error.text, capture)) /* of a table of labels, say */
        error_prefix(&error, err, "%s", capture);
    return complain(err, &error);
}

static void collect_one(void *context, uint32_t i, int status, FILE *out)
{
    (void)context;
    (void)i;
    (void)status;
    (void)out;
}

/* An exit status, or -errno with a line. */
static int run_each(const struct features *features, struct error *error)
{
    struct work work = {.features = features};
    struct each each = {
        .jobs = features->jobs, .work = run_one, .collect = collect_one, .context = &work};
    int err = 0;

    for (uint32_t i = 0; i < features->options.capture_count && !err; i++)
        err = capture_paths_add(&work.paths, features->options.captures[i], error);
    if (!err)
        err = capture_paths_check_rows(&work.paths, "output", features->options.output, error);
    each.count = work.paths.count;
    signals_catch(false);
    if (!err)
        err = each_run(&each, error);
    capture_paths_free(&work.paths);
    return err;
}

int main(int argc, char **argv)
{
    struct features features = {.options = features_defaults};
    struct error error = {""};

    program_begin();
    int err = program_options(&features_program, &features, argc, argv, &error);
    if (err == PROGRAM_DONE)
        return EXIT_DONE;
    features.options.progress = progress_bytes;
    if (!err)
        err = check(&features.options, &error);
    if (!err && features.each) {
        int status = run_each(&features, &error);

        free(features.options.captures);
        return status >= 0 ? status : complain(status, &error);
    }
    if (!err)
        err = run(&features.options, &error);
    free(features.options.captures);
    return complain(err, &error);
}
