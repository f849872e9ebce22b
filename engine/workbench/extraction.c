// SPDX-License-Identifier: BSD-2-Clause
#include "extraction.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_paths.h"
#include "features_csv.h"
#include "flow_numbers.h"
#include "labels.h"
#include "nn_code.h"
#include "nn_reference.h"
#include "pipeline.h"
#include "text_file.h"

/* What a run holds; freed as a whole. The observer comes first: the pipeline knows only it. */
struct extraction {
    struct burst_observer observer;
    struct pipeline *pipeline;
    struct host_tables *hosts; /* NULL: feature set 1 */
    struct capture_paths paths;
    struct capture *capture;
    struct labels *labels; /* NULL: the label column stays empty */
    const char *labels_path;
    void (*progress)(uint64_t done, uint64_t size, uint64_t packets);
    uint64_t bursts;
    const char *unlabelled;
    struct nn_code_tables *code;  /* NULL: raw integers */
    struct flow_numbers *numbers; /* NULL: no columns flow and packet */
    uint32_t feature_set;
    FILE *file;
    const char *output;
    uint64_t index; /* of the burst's first packet */
    struct policy policy;
    struct stats stats;
};

int extraction_parse_tunnels(void *options, const char *text, struct error *error)
{
    return tunnel_parse_kinds(&((struct extraction_options *)options)->tunnels, text, error);
}

int extraction_parse_flow_key(void *options, const char *text, struct error *error)
{
    return tunnel_parse_key(&((struct extraction_options *)options)->tunnels, text, error);
}

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

static int prepare(struct extraction *extraction, const struct extraction_options *options,
                   struct error *error)
{
    int err = 0;

    for (uint32_t i = 0; i < options->capture_count && !err; i++)
        err = capture_paths_add(&extraction->paths, options->captures[i], error);
    if (!err && options->output)
        err = capture_paths_check_output(&extraction->paths, "output", options->output, error);
    if (!err)
        err = capture_series_open(&extraction->capture, extraction->paths.path,
                                  extraction->paths.count, error);

    if (!err && options->label)
        err = labels_new(&extraction->labels, options->label, error);
    if (!err && options->labels.path)
        err = labels_read(&extraction->labels, &options->labels, error);
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
    extraction->pipeline->tunnels = options->tunnels;
    if (!err && options->places)
        err = flow_numbers_new(&extraction->numbers, capture_port(extraction->capture),
                               extraction->pipeline->table, error);
    if (err)
        return err;
    policy_init(&extraction->policy, NULL);
    extraction->unlabelled = options->unlabelled;
    extraction->labels_path = options->labels.path;
    extraction->progress = options->progress;
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

int extraction_new(struct extraction **out, const struct extraction_options *options,
                   struct error *error)
{
    struct extraction *extraction = aligned_alloc(_Alignof(struct extraction), sizeof(*extraction));

    if (!extraction)
        return error_set(error, -ENOMEM, "no memory");
    memset(extraction, 0, sizeof(*extraction));
    int err = prepare(extraction, options, error);
    if (err) {
        extraction_free(extraction);
        return err;
    }
    extraction->output = options->output ? options->output : "-";
    *out = extraction;
    return 0;
}

/* Labels none of which any packet has are a mistake: a clock, a zone, another capture. */
static int check_joined(const struct extraction *extraction, struct error *error)
{
    struct labels_joined joined;

    if (!extraction->labels)
        return 0;
    labels_joined(extraction->labels, &joined);
    if (joined.packets == 0 || joined.packets_unmatched < joined.packets)
        return 0;
    if (joined.would_join == 0)
        return error_set(error, -EINVAL,
                         "no packet has a row in %s: %" PRIu64 " packets, %" PRIu64
                         " rows, and no other clock would help: are they of this capture?",
                         extraction->labels_path, joined.packets, joined.rows);
    return error_set(error, -EINVAL,
                     "no packet has a row in %s: %" PRIu64 " packets, %" PRIu64
                     " rows; with --label-offset %" PRId64 ", %" PRIu64 " of them would have one",
                     extraction->labels_path, joined.packets, joined.rows,
                     joined.shift / 1000000000, joined.would_join);
}

/* Bursts between two looks: they may be of one packet. */
static void tell_progress(struct extraction *extraction)
{
    enum { BURSTS = 4096 };
    uint64_t done, size;

    if (!extraction->progress || ++extraction->bursts % BURSTS)
        return;
    capture_progress(extraction->capture, &done, &size);
    extraction->progress(done, size, extraction->stats.packets);
}

int extraction_run(struct extraction *extraction, struct error *error)
{
    struct port *in = extraction->numbers ? flow_numbers_port(extraction->numbers)
                                          : capture_port(extraction->capture);
    const struct route route = {.in = in, .stats = &extraction->stats};
    int status = 0;
    int received;

    features_csv_write_header(extraction->file, extraction->feature_set,
                              extraction->numbers != NULL);
    do {
        received = pipeline_run(extraction->pipeline, &route);
        tell_progress(extraction);
    } while (received >= 0 && !ferror(extraction->file));
    if (received < 0 && received != -ENODATA)
        status = error_set(error, -EBADMSG, "%s", capture_fault(extraction->capture));

    bool failed = ferror(extraction->file) != 0;
    errno = 0;
    if ((extraction->file == stdout ? fflush(stdout) : fclose(extraction->file)) == EOF || failed)
        status = error_set(error, -EIO, "cannot write %s: %s",
                           extraction->file == stdout ? "standard output" : extraction->output,
                           errno ? strerror(errno) : "write error");
    extraction->file = NULL;
    return status ? status : check_joined(extraction, error);
}

const struct capture *extraction_capture(const struct extraction *extraction)
{
    return extraction->capture;
}

uint32_t extraction_left_out(const struct extraction *extraction, const char **why)
{
    *why = extraction->paths.why.text;
    return extraction->paths.left_out;
}

const struct labels *extraction_labels(const struct extraction *extraction)
{
    return extraction->labels;
}

uint64_t extraction_evictions(const struct extraction *extraction)
{
    return extraction->stats.evictions;
}

void extraction_free(struct extraction *extraction)
{
    if (!extraction)
        return;
    if (extraction->file && extraction->file != stdout)
        fclose(extraction->file);
    if (extraction->pipeline)
        flow_table_free(extraction->pipeline->table);
    free(extraction->pipeline);
    host_tables_free(extraction->hosts);
    flow_numbers_free(extraction->numbers);
    labels_free(extraction->labels);
    capture_close(extraction->capture);
    capture_paths_free(&extraction->paths);
    free(extraction->code);
    free(extraction);
}
