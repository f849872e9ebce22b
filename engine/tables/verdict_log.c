// SPDX-License-Identifier: BSD-2-Clause
#include "verdict_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verdict_log {
    struct burst_observer observer;
    struct verdict_rows rows;
    FILE *file;
    const char *path;
    uint64_t index;
};

void verdict_rows_init(struct verdict_rows *rows, const struct policy *policy, bool classified)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        const char *name = policy_slot_name(policy, slot);

        snprintf(rows->name[slot], sizeof(rows->name[slot]), "%s", name ? name : "");
    }
    rows->classified = classified;
}

size_t verdict_row_print(const struct verdict_rows *rows, char *row, uint64_t index, uint32_t slot,
                         uint32_t action, bool classified, uint16_t confidence)
{
    char text[8] = "";

    if (classified && rows->classified)
        snprintf(text, sizeof(text), "%u", confidence);
    return (size_t)snprintf(row, VERDICT_ROW_MAX, "%" PRIu64 ",%s,%s,%s\n", index, rows->name[slot],
                            text, action_name(action));
}

static void write_row(struct verdict_log *log, uint32_t slot, uint32_t action, bool classified,
                      uint16_t confidence)
{
    char row[VERDICT_ROW_MAX];

    fwrite(row, 1,
           verdict_row_print(&log->rows, row, log->index++, slot, action, classified, confidence),
           log->file);
}

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct verdict_log *log = (struct verdict_log *)observer;
    uint32_t ip = 0;

    for (uint32_t i = 0; i < burst->count; i++) {
        bool verdict = ip < burst->ip_count && burst->place[ip] == i;

        write_row(log, burst->slot[i], burst->action[i], verdict,
                  verdict ? burst->verdicts[ip].confidence : 0);
        ip += verdict;
    }
}

int verdict_log_open(struct verdict_log **out, const char *path, const struct policy *policy,
                     bool classified, struct error *error)
{
    struct verdict_log *log = calloc(1, sizeof(*log));

    if (!log)
        return error_set(error, -ENOMEM, "no memory to write verdicts");
    log->observer.observe = observe;
    log->path = path;
    verdict_rows_init(&log->rows, policy, classified);
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
