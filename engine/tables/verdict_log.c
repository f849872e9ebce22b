// SPDX-License-Identifier: BSD-2-Clause
#include "verdict_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verdict_log {
    struct burst_observer observer;
    FILE *file;
    const char *path;
    struct policy policy; /* a copy: a reload frees the first */
    bool classified;
    uint64_t index;
};

void verdict_log_row(struct verdict_log *log, uint32_t slot, uint32_t action, bool classified,
                     uint16_t confidence)
{
    const char *class = policy_slot_name(&log->policy, slot);

    fprintf(log->file, "%" PRIu64 ",%s,", log->index++, class);
    if (classified && log->classified)
        fprintf(log->file, "%u", confidence);
    fprintf(log->file, ",%s\n", action_name(action));
}

static void observe(struct burst_observer *observer, const struct burst *burst)
{
    struct verdict_log *log = (struct verdict_log *)observer;
    uint32_t ip = 0;

    for (uint32_t i = 0; i < burst->count; i++) {
        bool verdict = ip < burst->ip_count && burst->place[ip] == i;

        verdict_log_row(log, burst->slot[i], burst->action[i], verdict,
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
    log->policy = *policy;
    log->classified = classified;
    log->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!log->file) {
        int err = errno;
        free(log);
        return error_set(error, -err, "cannot write verdicts to %s: %s", path, strerror(err));
    }
    fputs("index,class,confidence,action\n", log->file);
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
