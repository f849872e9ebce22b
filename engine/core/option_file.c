// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "option.h"

enum {
    FILE_BYTES_MAX = 1 << 20,
    LINE_BYTES_MAX = 4096,
};

/* The text without spaces at either end, in place. */
static char *strip(char *text)
{
    size_t length;

    while (isspace((unsigned char)*text))
        text++;
    length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* A # begins a comment at a line's start or behind a space: file names may hold one. */
static void cut_comment(char *line)
{
    for (char *at = strchr(line, '#'); at; at = strchr(at + 1, '#')) {
        if (at == line || isspace((unsigned char)at[-1])) {
            *at = '\0';
            return;
        }
    }
}

/* `before`: what was given elsewhere. `seen`: the line of this file that names it, 0 for none. */
static int take_line(struct option_values *values, const bool *before, unsigned *seen,
                     unsigned number, char *line, struct error *error)
{
    cut_comment(line);
    char *name = strip(line);
    char *equals = strchr(name, '=');
    const char *value = "";

    if (*name == '\0')
        return 0;
    if (equals) {
        *equals = '\0';
        value = strip(equals + 1);
        name = strip(name);
    }
    const struct option_spec *spec = option_find(values->table, name);
    if (!spec)
        return error_set(error, -EINVAL, "unknown option '%.40s'", name);
    if (*value == '\0' && (equals || spec->type != OPTION_FLAG))
        return error_set(error, -EINVAL, "%s has no value: %s = %s", name, name,
                         spec->argument ? spec->argument : "yes");
    if (spec->type != OPTION_OTHER && seen[spec - values->table])
        return error_set(error, -EINVAL, "%s stands on line %u already", name,
                         seen[spec - values->table]);
    seen[spec - values->table] = number;
    if (spec->type != OPTION_OTHER && before[spec - values->table])
        return 0;
    return option_set(values, spec, value, error);
}

/* One line without its end; -ENODATA behind the last, -E2BIG, -EINVAL for a NUL. */
static int read_line(FILE *file, char line[LINE_BYTES_MAX])
{
    int length = 0;
    int c;

    while ((c = getc(file)) != EOF && c != '\n') {
        if (c == '\0')
            return -EINVAL;
        if (length + 1 == LINE_BYTES_MAX)
            return -E2BIG;
        line[length++] = (char)c;
    }
    line[length] = '\0';
    if (ferror(file))
        return -EIO;
    return c == EOF && length == 0 ? -ENODATA : 0;
}

static int read_lines(struct option_values *values, FILE *file, const char *path,
                      struct error *error)
{
    bool before[OPTIONS_MAX];
    unsigned seen[OPTIONS_MAX] = {0};
    char line[LINE_BYTES_MAX] = "";
    unsigned number = 0;
    int status;

    memcpy(before, values->given, sizeof(before));
    while ((status = read_line(file, line)) == 0) {
        number++;
        if (ftell(file) > FILE_BYTES_MAX)
            return error_set(error, -E2BIG, "%s: longer than %d bytes", path, FILE_BYTES_MAX);
        status = take_line(values, before, seen, number, line, error);
        if (status != 0)
            return error_prefix(error, status, "%s, line %u", path, number);
    }
    if (status == -ENODATA)
        return 0;
    return error_set(error, status, "%s, line %u: %s", path, number + 1,
                     status == -E2BIG    ? "too long a line"
                     : status == -EINVAL ? "holds a NUL: not text"
                                         : "can't be read");
}

int option_read_file(struct option_values *values, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    struct stat what;

    if (!file)
        return error_set(error, -errno, "cannot open %s: %s", path, strerror(errno));
    int status;
    if (fstat(fileno(file), &what) == 0 && S_ISDIR(what.st_mode))
        status = error_set(error, -EISDIR, "%s is a folder", path);
    else
        status = read_lines(values, file, path, error);
    fclose(file);
    return status;
}
