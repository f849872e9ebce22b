// SPDX-License-Identifier: BSD-2-Clause
#include "engine_each.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture_paths.h"
#include "each.h"
#include "program.h"
#include "report.h"
#include "report_value.h"

struct work {
    struct engine_each *each;
    struct capture_paths paths;
    int name_width;
    bool headed; /* the table */
    bool failed; /* to write */
};

static void write_refusal(FILE *out, const char *path, const char *why)
{
    json_t *object = json_object();

    report_number(object, "schema", REPORT_SCHEMA);
    report_put(object, "source", report_text(path));
    report_put(object, "error", report_text(why));
    if (!report_lacks() && json_dumpf(object, out, 0) == 0)
        fputc('\n', out);
    json_decref(object);
}

static int run_one(void *context, uint32_t i, FILE *out)
{
    struct work *work = context;
    struct afxdp_config config = *work->each->config;
    const char *path = work->paths.path[i];
    char *verdicts = config.verdicts ? capture_paths_rows(config.verdicts, path) : NULL;
    struct afxdp_error refused;

    if (config.verdicts && !verdicts)
        return EXIT_FAILED;
    config.verdicts = verdicts;
    config.pcap = path;
    config.captures = &path;
    config.capture_count = 1;
    int status = work->each->run(&config, true, out, &refused);
    if (refused.text[0])
        write_refusal(out, path, refused.text);
    free(verdicts);
    return status;
}

static const char *const columns[] = {"packets", "bytes", "flows", "other", "malformed"};

enum { COLUMN_WIDTH = 12 };

static int width_of(const char *name)
{
    return strlen(name) > COLUMN_WIDTH ? (int)strlen(name) : COLUMN_WIDTH;
}

static void write_head(const struct work *work, json_t *report)
{
    const char *name;
    json_t *value;

    printf("%-*s", work->name_width, "capture");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        printf(" %*s", COLUMN_WIDTH, columns[i]);
    json_object_foreach(json_object_get(report, "classes"), name, value)
    {
        printf(" %*s", width_of(name), name);
    }
    putchar('\n');
}

static void write_row(json_t *report)
{
    const char *name;
    json_t *value;

    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        printf(" %*" JSON_INTEGER_FORMAT, COLUMN_WIDTH,
               json_integer_value(json_object_get(report, columns[i])));
    json_object_foreach(json_object_get(report, "classes"), name, value)
    {
        printf(" %*" JSON_INTEGER_FORMAT, width_of(name), json_integer_value(value));
    }
    if (!json_is_null(json_object_get(report, "error")))
        printf("  ended early");
}

static void write_line(struct work *work, uint32_t i, json_t *report)
{
    bool read = json_object_get(report, "packets") != NULL;

    if (read && !work->headed)
        write_head(work, report);
    work->headed = work->headed || read;
    printf("%-*s", work->name_width, work->paths.path[i]);
    if (read)
        write_row(report);
    else
        printf("  can't be read");
    putchar('\n');
}

static void collect_one(void *context, uint32_t i, int status, FILE *out)
{
    struct work *work = context;
    json_t *report = json_loadf(out, JSON_DISABLE_EOF_CHECK, NULL);

    (void)status;
    if (!work->each->json)
        write_line(work, i, report);
    else if (!report) /* it was killed: it has its line all the same */
        write_refusal(stdout, work->paths.path[i], "its process left no report");
    else if (json_dumpf(report, stdout, JSON_REAL_PRECISION(9)) == 0)
        putchar('\n');
    json_decref(report);
    work->failed = work->failed || fflush(stdout) == EOF || ferror(stdout);
}

int engine_each_run(struct engine_each *each, struct error *error)
{
    struct work work = {.each = each, .name_width = COLUMN_WIDTH};
    struct each run = {
        .jobs = each->jobs, .work = run_one, .collect = collect_one, .context = &work};
    int status = 0;

    for (uint32_t i = 0; i < each->config->capture_count && status == 0; i++)
        status = capture_paths_add(&work.paths, each->config->captures[i], error);
    if (status == 0 && each->config->verdicts)
        status = capture_paths_check_rows(&work.paths, "verdicts", each->config->verdicts, error);
    for (uint32_t i = 0; i < work.paths.count; i++) {
        if ((int)strlen(work.paths.path[i]) > work.name_width)
            work.name_width = (int)strlen(work.paths.path[i]);
    }
    run.count = work.paths.count;
    if (status == 0)
        status = each_run(&run, error);
    if (status >= 0 && work.failed)
        status = error_set(error, -EIO, "cannot write the report");
    capture_paths_free(&work.paths);
    return status;
}
