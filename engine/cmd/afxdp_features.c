// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-features: a capture to its features.csv, by the engine's own pipeline. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "features_csv.h"
#include "flow_numbers.h"
#include "labels.h"
#include "nn_code.h"
#include "nn_reference.h"
#include "pipeline.h"
#include "program.h"
#include "text_file.h"

struct features_options {
    const char *capture;
    const char *output; /* NULL or "-": standard output */
    const char *label;
    const char *labels;
    const char *unlabelled; /* NULL: packets without a label are left out */
    const char *code;       /* NULL: raw integers */
    struct flow_table_options flows;
    struct host_tables_options hosts;
    uint32_t feature_set;
    bool places; /* write the columns flow and packet */
};

/* Two runs over a capture write the same rows: the seeds are fixed. */
static const struct features_options features_defaults = {
    .flows = {.flows = FLOWS_DEFAULT, .timeout = FLOW_TIMEOUT_DEFAULT, .fixed_seed = true},
    .hosts = {.cells = HOST_CELLS_DEFAULT, .rows = 1, .fixed_seed = true},
    .feature_set = FEATURE_SET_1,
};

static int parse_hosts(void *target, const char *value, struct error *error)
{
    return host_tables_parse(&((struct features_options *)target)->hosts, value, error);
}

static int parse_unlabelled(void *target, const char *value, struct error *error)
{
    if (!*value || !features_csv_label_is_valid(value))
        return error_set(error, -EINVAL, "--unlabelled '%.70s': not a label", value);
    ((struct features_options *)target)->unlabelled = value;
    return 0;
}

static int set_capture(void *target, const char *value, struct error *error)
{
    struct features_options *options = target;

    if (options->capture)
        return error_set(error, -EINVAL, "'%s': one capture a call, there is %s already", value,
                         options->capture);
    options->capture = value;
    return 0;
}

static const struct option_spec features_specs[] = {
    {.group = "Output",
     OPTION_ROW_TEXT("output", "FILE", struct features_options, output),
     .letter = 'o',
     .help = "where the rows go (-: standard output, the default)"},
    {OPTION_ROW_NUMBER("set", "N", FEATURE_SET_1, FEATURE_SET_2, struct features_options,
                       feature_set),
     .initial = "1",
     .help = "feature set: 1, twelve of the flow, or 2, sixteen more of the\nflow and its hosts"},
    {OPTION_ROW_TEXT("code", "FILE", struct features_options, code),
     .help = "a code.json of `afxdp-model code`: write what a network\nis trained on, codes 0..127 "
             "instead of the integers"},
    {.group = "Labels",
     OPTION_ROW_TEXT("label", "NAME", struct features_options, label),
     .conflicts = "labels",
     .help = "every packet has this label"},
    {OPTION_ROW_TEXT("labels", "FILE", struct features_options, labels),
     .help = "labels by packet (a CSV with the header index,label) or by\n"
             "flow table (any of the columns start, end, protocol, source,\n"
             "destination, source_port, destination_port, source_mac,\n"
             "destination_mac, then label; an empty cell matches anything,\n"
             "a row matches either way round, the first that matches wins,\n"
             "times are Unix seconds)"},
    {OPTION_ROW_OTHER("unlabelled", "NAME", parse_unlabelled),
     .help = "label of packets that --labels has none for; without it they\nare left out"},
    {.group = "Flows",
     OPTION_ROW_FLAG("flows", struct features_options, places),
     .help = "two more columns: flow, its number in the capture (from 0), and\n"
             "packet, the row's number in the flow (from 1)"},
    {OPTION_ROW_NUMBER("flow-timeout", "SECONDS", 0, FLOW_TIMEOUT_MAX, struct features_options,
                       flows.timeout),
     .unit = "s", .initial = "120", .help = "a silent flow's next packet starts a new one"},
    {OPTION_ROW_OTHER("hosts", "CELLS[:ROWS]", parse_hosts), .initial = "65536:1",
     .help = HOST_TABLES_HELP},
    {0},
};

static const struct program features_program = {
    .name = "afxdp-features",
    .usage = "afxdp-features CAPTURE [--label NAME | --labels FILE] [-o features.csv]",
    .summary =
        "Writes the integer features of every classified packet of a capture (pcap, pcapng;\n"
        "-: standard input), as the engine computes them, one CSV row each.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {features_specs},
    .argument = set_capture,
};

/* What a run holds; freed as a whole. The observer comes first: the pipeline knows only it. */
struct extraction {
    struct burst_observer observer;
    struct pipeline *pipeline;
    struct host_tables *hosts; /* NULL: feature set 1 */
    struct capture *capture;
    struct labels *labels; /* NULL: the label column stays empty */
    const char *unlabelled;
    struct nn_code_tables *code;  /* NULL: raw integers */
    struct flow_numbers *numbers; /* NULL: no columns flow and packet */
    uint32_t feature_set;
    FILE *file;
    uint64_t index; /* of the burst's first packet */
    struct policy policy;
    struct stats stats;
};

static void code(const struct nn_code_tables *tables, uint32_t *features)
{
    uint32_t count = feature_count(tables->feature_set);
    uint8_t codes[NN_INPUTS_MAX];

    nn_code(tables->code, features, count, codes);
    for (uint32_t f = 0; f < count; f++)
        features[f] = codes[f];
}

static int read_code(struct nn_code_tables **out, const char *path, uint32_t feature_set,
                     struct error *error)
{
    char *text = NULL;
    int err = text_file_read(&text, path, NN_CODE_TEXT_MAX, error);

    if (err)
        return err;
    struct nn_code_tables *tables = calloc(1, sizeof(*tables));
    err = tables ? nn_code_parse(tables, text, error) : error_set(error, -ENOMEM, "no memory");
    if (!err && tables->feature_set != feature_set)
        err = error_set(error, -EINVAL,
                        "an input code of feature set %u, the columns are of %u: use --set %u",
                        tables->feature_set, feature_set, tables->feature_set);
    free(text);
    if (err) {
        free(tables);
        return error_prefix(error, err, "%s", path);
    }
    *out = tables;
    return 0;
}

static void write_rows(struct burst_observer *observer, const struct burst *burst)
{
    struct extraction *extraction = (struct extraction *)observer;

    for (uint32_t i = 0; i < burst->ip_count; i++) {
        uint64_t index = extraction->index + burst->place[i];
        const char *label = "";
        struct flow_place place = {0};

        if (extraction->numbers) /* also of packets left out: they count in their flows */
            place = flow_numbers_place(extraction->numbers, burst);
        if (extraction->labels) {
            label = labels_find(extraction->labels, index, &burst->frames[burst->place[i]],
                                &burst->packets[i]);
            if (!label)
                label = extraction->unlabelled;
            if (!label)
                continue;
        }
        uint32_t features[FEATURES_MAX];
        memcpy(features, burst_features(burst, i), burst->feature_count * sizeof(features[0]));
        if (extraction->code)
            code(extraction->code, features);
        features_csv_write_row(extraction->file, index, extraction->feature_set, features, label,
                               extraction->numbers ? &place : NULL);
    }
    extraction->index += burst->count;
}

static int check(const struct features_options *options, struct error *error)
{
    if (!options->capture)
        return error_set(error, -EINVAL, "no capture: afxdp-features CAPTURE -o features.csv");
    if (options->labels && strcmp(options->labels, "-") == 0 && strcmp(options->capture, "-") == 0)
        return error_set(error, -EINVAL, "capture and --labels both want standard input");
    return 0;
}

static int prepare(struct extraction *extraction, const struct features_options *options,
                   struct error *error)
{
    int err = capture_open(&extraction->capture, options->capture, error);

    if (!err && options->label)
        err = labels_new(&extraction->labels, options->label, error);
    if (!err && options->labels)
        err = labels_read(&extraction->labels, options->labels, error);
    if (!err && options->code)
        err = read_code(&extraction->code, options->code, options->feature_set, error);
    if (err)
        return err;
    extraction->pipeline = pipeline_new();
    if (!extraction->pipeline)
        return error_set(error, -ENOMEM, "no memory for a pipeline");
    err = flow_table_new(&extraction->pipeline->table, &options->flows, error);
    if (err)
        return err;
    extraction->feature_set = options->feature_set;
    if (options->feature_set == FEATURE_SET_2)
        err = host_tables_new(&extraction->hosts, &options->hosts, error);
    extraction->pipeline->hosts = extraction->hosts;
    if (!err && options->places)
        err = flow_numbers_new(&extraction->numbers, capture_port(extraction->capture),
                               extraction->pipeline->table, error);
    if (err)
        return err;
    policy_init(&extraction->policy, NULL);
    extraction->unlabelled = options->unlabelled;
    extraction->observer.observe = write_rows;
    extraction->pipeline->policy = &extraction->policy;
    extraction->pipeline->observer = &extraction->observer;

    bool to_stdout = !options->output || strcmp(options->output, "-") == 0;
    extraction->file = to_stdout ? stdout : fopen(options->output, "we");
    if (!extraction->file) {
        err = -errno;
        return error_set(error, err, "cannot write %s: %s", options->output, strerror(-err));
    }
    return 0;
}

/* An exit status, with the reason in `error`. */
static int extract(struct extraction *extraction, const char *output, struct error *error)
{
    struct port *in = extraction->numbers ? flow_numbers_port(extraction->numbers)
                                          : capture_port(extraction->capture);
    const struct route route = {.in = in, .stats = &extraction->stats};
    int status = EXIT_DONE;
    int received;

    features_csv_write_header(extraction->file, extraction->feature_set,
                              extraction->numbers != NULL);
    do {
        received = pipeline_run(extraction->pipeline, &route);
    } while (received >= 0 && !ferror(extraction->file));
    if (received < 0 && received != -ENODATA) {
        error_set(error, received, "%s", capture_fault(extraction->capture));
        status = EXIT_USAGE;
    }

    bool failed = ferror(extraction->file) != 0;
    errno = 0;
    if ((extraction->file == stdout ? fflush(stdout) : fclose(extraction->file)) == EOF || failed) {
        error_set(error, 0, "cannot write %s: %s", output ? output : "standard output",
                  errno ? strerror(errno) : "write error");
        status = EXIT_FAILED;
    }
    return status;
}

static void warn(const struct extraction *extraction, const struct features_options *options)
{
    if (capture_link(extraction->capture) == LINK_UNKNOWN)
        program_complain(&features_program,
                         "warning: capture %s has link type %s, which is not supported: no packet "
                         "of it is classified",
                         options->capture, capture_link_name(extraction->capture));
    if (extraction->stats.evictions > 0)
        program_complain(&features_program,
                         "warning: %llu flows were evicted while they lived: their later packets "
                         "count as new flows",
                         (unsigned long long)extraction->stats.evictions);
}

int main(int argc, char **argv)
{
    struct features_options options = features_defaults;
    struct error error = {""};
    int status = EXIT_USAGE;

    program_begin();
    int err = program_options(&features_program, &options, argc, argv, &error);
    if (err == PROGRAM_DONE)
        return EXIT_DONE;
    struct extraction *extraction = aligned_alloc(_Alignof(struct extraction), sizeof(*extraction));
    if (!err && !extraction)
        err = error_set(&error, -ENOMEM, "no memory");
    if (extraction)
        memset(extraction, 0, sizeof(*extraction));
    if (!err)
        err = check(&options, &error);
    if (!err)
        err = prepare(extraction, &options, &error);
    if (!err) {
        status = extract(extraction, options.output, &error);
        warn(extraction, &options);
    }
    if (status)
        program_complain(&features_program, "%s", error.text);
    if (extraction) {
        if (extraction->pipeline)
            flow_table_free(extraction->pipeline->table);
        free(extraction->pipeline);
        host_tables_free(extraction->hosts);
        flow_numbers_free(extraction->numbers);
        labels_free(extraction->labels);
        capture_close(extraction->capture);
        free(extraction->code);
        free(extraction);
    }
    return status;
}
