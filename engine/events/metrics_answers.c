// SPDX-License-Identifier: BSD-2-Clause
#include "metrics_answers.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPEN_TYPE "application/openmetrics-text"
#define PLAIN_TYPE "text/plain"
#define TOTAL "_total"
#define BOUND "le=\""

/* The `q` of a type in a header Accept; 0 where it isn't there by its name. */
static double quality_of(const char *accept, const char *type)
{
    double most = 0;

    for (const char *at = accept; *at; at += *at == ',') {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ",");
        size_t name = strcspn(at, ",; \t");

        if (name == strlen(type) && strncasecmp(at, type, name) == 0) {
            const char *q = memmem(at, length, "q=", 2);
            double quality = q ? strtod(q + 2, NULL) : 1;

            most = quality > most ? quality : most;
        }
        at += length;
    }
    return most;
}

bool metrics_accepts_open(const char *accept)
{
    if (!accept)
        return false;
    double open = quality_of(accept, OPEN_TYPE);
    return open > 0 && open >= quality_of(accept, PLAIN_TYPE);
}

/* "# TYPE name_total counter" without the ending. */
static void put_head(FILE *to, const char *line, size_t length)
{
    const char *name = memchr(line + 2, ' ', length - 2);
    const char *behind = name ? memchr(name + 1, ' ', length - (size_t)(name + 1 - line)) : NULL;
    size_t ending = strlen(TOTAL);

    if (behind && (size_t)(behind - name) > ending && memcmp(behind - ending, TOTAL, ending) == 0) {
        fwrite(line, 1, (size_t)(behind - line) - ending, to);
        fwrite(behind, 1, length - (size_t)(behind - line), to);
    } else {
        fwrite(line, 1, length, to);
    }
}

/* A quote within a label's value has a backslash before it, so this name is one. */
static void put_sample(FILE *to, const char *line, size_t length)
{
    const char *bound = memmem(line, length, BOUND, strlen(BOUND));
    bool is_one = bound && bound > line && (bound[-1] == '{' || bound[-1] == ',');
    size_t digits = is_one ? strspn(bound + strlen(BOUND), "0123456789") : 0;

    if (digits == 0 || bound[strlen(BOUND) + digits] != '"') {
        fwrite(line, 1, length, to);
        return;
    }
    size_t before = (size_t)(bound - line) + strlen(BOUND) + digits;
    fwrite(line, 1, before, to);
    fputs(".0", to);
    fwrite(line + before, 1, length - before, to);
}

char *metrics_open_text(const char *text, size_t length, size_t *made)
{
    char *out = NULL;
    FILE *to = open_memstream(&out, made);

    if (!to)
        return NULL;
    for (const char *line = text, *end = text + length; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t size = newline ? (size_t)(newline + 1 - line) : (size_t)(end - line);

        if (size > 2 && *line == '#')
            put_head(to, line, size);
        else
            put_sample(to, line, size);
        line += size;
    }
    fputs("# EOF\n", to);
    bool failed = ferror(to) != 0;
    if (fclose(to) == 0 && !failed)
        return out;
    free(out);
    return NULL;
}

/* Takes the text over. */
static struct MHD_Response *response_of(char *text, size_t length, const char *type)
{
    struct MHD_Response *response =
        text ? MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE) : NULL;

    if (!response) {
        free(text);
        return NULL;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
    return response;
}

void metrics_answers_set(struct metrics_answers *answers, char *text, size_t length)
{
    size_t open_length = 0;
    char *open = text ? metrics_open_text(text, length, &open_length) : NULL;

    metrics_answers_clear(answers);
    answers->open = response_of(open, open_length, OPEN_TYPE "; version=1.0.0; charset=utf-8");
    answers->plain = response_of(text, length, PLAIN_TYPE "; version=0.0.4; charset=utf-8");
}

struct MHD_Response *metrics_answers_pick(const struct metrics_answers *answers,
                                          struct MHD_Connection *connection)
{
    const char *accept =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

    return answers->open && metrics_accepts_open(accept) ? answers->open : answers->plain;
}

void metrics_answers_clear(struct metrics_answers *answers)
{
    if (answers->plain)
        MHD_destroy_response(answers->plain);
    if (answers->open)
        MHD_destroy_response(answers->open);
    *answers = (struct metrics_answers){NULL, NULL};
}
