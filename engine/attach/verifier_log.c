// SPDX-License-Identifier: BSD-2-Clause
#include "verifier_log.h"

#include <stdio.h>
#include <string.h>

enum {
    LAST_LINES = 3,
    LINE_MOST = 120,   /* of a last line */
    REASON_MOST = 220, /* of a report's paragraph */
};

struct line {
    const char *at;
    size_t length;
};

/* The line at `at`, without the spaces it begins with. */
static struct line line_at(const char *at)
{
    at += strspn(at, " ");
    return (struct line){at, strcspn(at, "\n")};
}

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at ? at + 1 : at;
}

/* What follows a heading that begins a line, or NULL. */
static const char *section(const char *log, const char *heading)
{
    for (; *log; log = next_line(log)) {
        if (strncmp(log, heading, strlen(heading)) == 0)
            return log + strlen(heading);
    }
    return NULL;
}

/* Appends to the text in `out`, behind `separator` unless it is the first. */
static void append(char *out, size_t size, const char *separator, struct line line, size_t most)
{
    size_t used = strlen(out);

    if (line.length > most)
        line.length = most;
    snprintf(out + used, size - used, "%s%.*s", used ? separator : "", (int)line.length, line.at);
}

/* A report's heading, place and reason, whose paragraph ends with an empty line. */
static void take_report(char *out, size_t size, const char *failed)
{
    const char *place = section(failed, "At:\n");
    const char *reason = section(failed, "Reason:\n");
    char paragraph[REASON_MOST + 1] = "";

    append(out, size, "", line_at(failed), LINE_MOST);
    if (place)
        append(out, size, " | ", line_at(place), LINE_MOST);
    for (; reason && *reason && *reason != '\n'; reason = next_line(reason))
        append(paragraph, sizeof(paragraph), " ", line_at(reason), REASON_MOST);
    if (paragraph[0])
        append(out, size, " | ", line_at(paragraph), REASON_MOST);
}

static void take_last_lines(char *out, size_t size, const char *log)
{
    struct line last[LAST_LINES] = {{"", 0}};
    size_t count = 0;

    for (; *log && strncmp(log, "Suggestion:", strlen("Suggestion:")) != 0; log = next_line(log)) {
        struct line line = line_at(log);

        if (line.length > 0)
            last[count++ % LAST_LINES] = line;
    }
    for (size_t i = count > LAST_LINES ? count - LAST_LINES : 0; i < count; i++)
        append(out, size, " | ", last[i % LAST_LINES], LINE_MOST);
}

void verifier_log_reason(char *out, size_t size, const char *log)
{
    const char *failed = section(log, "Verification failed:");

    out[0] = '\0';
    if (failed)
        take_report(out, size, failed);
    else
        take_last_lines(out, size, log);
}
