// SPDX-License-Identifier: BSD-2-Clause
#include "verdict_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verdict_row.h"

struct verdict_log {
    struct burst_observer observer;
    struct verdict_rows rows;
    FILE *file;
    const char *path;
    uint64_t index;
};

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct verdict_log *log = (struct verdict_log *)observer;
    char row[VERDICT_ROW_MAX];
    uint32_t ip = 0;

    for (uint32_t i = 0; i < burst->count; i++) {
        struct verdict_record record;

        verdict_record_of_burst(&record, burst, i, &ip, log->index, 0);
        size_t length = verdict_row_print(&log->rows, row, &record);
        fwrite(row, 1, length, log->file);
    }
    log->index += burst->count;
}

int verdict_log_open(struct verdict_log **out, const char *path, const struct policy *policy,
                     bool classified, struct error *error)
{
    struct verdict_log *log = calloc(1, sizeof(*log));

    if (!log)
        return error_set(error, -ENOMEM, "no memory to write verdicts");
    log->observer.observe = observe;
    log->path = path;
    verdict_rows_init(&log->rows, policy, classified, true);
    log->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!log->file) {
        int err = errno;
        free(log);
        return error_set(error, -err, "cannot write verdicts to %s: %s", path, strerror(err));
    }
    fputs(VERDICT_ROW_HEADER, log->file);
    *out = log;
    return 0;
}

struct burst_observer *verdict_log_observer(struct verdict_log *log)
{
    return &log->observer;
}

int verdict_log_close(struct verdict_log *log, struct error *error)
{
    bool failed = ferror(log->file) != 0;
    int err = 0;

    errno = 0;
    if ((log->file == stdout ? fflush(log->file) : fclose(log->file)) == EOF || failed) {
        err = errno ? -errno : -EIO;
        error_set(error, err, "cannot write verdicts to %s: %s", log->path, strerror(-err));
    }
    free(log);
    return err;
}
