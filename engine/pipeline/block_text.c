// SPDX-License-Identifier: BSD-2-Clause
#include "block_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block_table.h"

static const char first[] = "afxdp-engine blocks 1";

enum { DIGITS_MOST = 12 /* of an end */ };

void block_text_host(const struct block_key *source, char text[PREFIX_TEXT_MAX])
{
    const struct prefix host = {
        .high = source->high,
        .low = source->low,
        .length = source->version == 4 ? 32 : 128,
        .version = (uint8_t)source->version,
    };

    prefix_print(&host, text);
    *strchr(text, '/') = 0;
}

void block_text_begin(FILE *file)
{
    fprintf(file, "%s\n", first);
}

void block_text_print(FILE *file, const struct block_line *line)
{
    char host[PREFIX_TEXT_MAX];

    block_text_host(&line->source, host);
    fprintf(file, "%s %llu\n", host, (unsigned long long)line->end);
}

/* Whether `length` characters are a host and an end. */
static bool parse_line(struct block_line *line, const char *text, size_t length)
{
    const char *space = memchr(text, ' ', length);
    size_t host = space ? (size_t)(space - text) : 0;
    size_t digits = space ? length - host - 1 : 0;
    struct prefix prefix;

    if (host == 0 || digits == 0 || digits > DIGITS_MOST ||
        strspn(space + 1, "0123456789") != digits || memchr(text, '/', host) ||
        prefix_parse(&prefix, text, host, NULL) != 0)
        return false;
    *line = (struct block_line){{prefix.high, prefix.low, prefix.version},
                                strtoull(space + 1, NULL, 10)};
    return true;
}

static int parse_lines(struct block_line *line, size_t *count, const char *text,
                       struct error *error)
{
    unsigned number = 1;

    for (const char *end; *text; text = end + 1) {
        end = strchr(text, '\n');
        number++;
        if (!end || !parse_line(&line[*count], text, (size_t)(end - text)))
            return error_set(error, -EINVAL, "line %u is no host and the end of its block", number);
        ++*count;
    }
    return 0;
}

int block_text_parse(struct block_line **out, size_t *count, const char *text, struct error *error)
{
    size_t begun = strlen(first);
    size_t lines = 0;

    *out = NULL;
    *count = 0;
    if (!*text)
        return 0;
    if (strncmp(text, first, begun) != 0 || text[begun] != '\n')
        return error_set(error, -EINVAL, "line 1 isn't '%s': another's file", first);
    text += begun + 1;
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    if (lines > BLOCKS_MAX)
        return error_set(error, -E2BIG, "more than %d blocks", BLOCKS_MAX);
    struct block_line *line = calloc(lines + 1, sizeof(*line));
    if (!line)
        return error_set(error, -ENOMEM, "no memory for %zu blocks", lines);
    int status = parse_lines(line, count, text, error);
    if (status != 0) {
        free(line);
        *count = 0;
        return status;
    }
    *out = line;
    return 0;
}
