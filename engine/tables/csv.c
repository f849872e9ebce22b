// SPDX-License-Identifier: BSD-2-Clause
#include "csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes one field off `cursor`, unquotes it in place and moves `cursor` behind its separator, or to
 * NULL at the end of the line. NULL when a quoted field doesn't end properly. */
static const char *take_field(char **cursor, char separator)
{
    char *field = *cursor;

    if (*field != '"') {
        char *comma = strchr(field, separator);
        *cursor = comma ? comma + 1 : NULL;
        if (comma)
            *comma = '\0';
        return field;
    }
    char *to = ++field;
    for (char *from = field; *from; from++) {
        if (*from != '"') {
            *to++ = *from;
        } else if (from[1] == '"') {
            *to++ = *from++;
        } else {
            if (from[1] != separator && from[1] != '\0')
                return NULL;
            *cursor = from[1] == separator ? from + 2 : NULL;
            *to = '\0';
            return field;
        }
    }
    return NULL;
}

/* Splits the line in hand; returns the number of fields or -EINVAL. */
static int split(const struct csv *csv, const char **fields, struct error *error)
{
    char *cursor = csv->line;
    int count = 0;

    while (cursor) {
        if (count == CSV_FIELDS_MAX)
            return error_set(error, -EINVAL, "%s: line %llu has more than %d fields", csv->path,
                             (unsigned long long)csv->number, CSV_FIELDS_MAX);
        fields[count] = take_field(&cursor, csv->separator);
        if (!fields[count])
            return error_set(error, -EINVAL, "%s: line %llu: field %d has an unclosed quote",
                             csv->path, (unsigned long long)csv->number, count + 1);
        count++;
    }
    return count;
}

/* Bounded, for a file that never ends a line would take all memory. */
int csv_next_line(struct csv *csv, struct error *error)
{
    size_t length = 0;
    int letter;

    if (!csv->line && !(csv->line = malloc(CSV_LINE_MAX + 1)))
        return error_set(error, -ENOMEM, "no memory to read %s", csv->path);
    csv->number++;
    errno = 0;
    while ((letter = getc_unlocked(csv->file)) != EOF && letter != '\n') {
        if (letter == '\0')
            return error_set(error, -EINVAL, "%s: line %llu has a NUL byte: not a CSV file",
                             csv->path, (unsigned long long)csv->number);
        if (length == CSV_LINE_MAX)
            return error_set(error, -EINVAL, "%s: line %llu is longer than %d bytes", csv->path,
                             (unsigned long long)csv->number, CSV_LINE_MAX);
        csv->line[length++] = (char)letter;
    }
    if (ferror(csv->file)) {
        int err = errno ? errno : EIO;
        return error_set(error, -err, "cannot read %s: %s", csv->path, strerror(err));
    }
    if (letter == EOF && length == 0)
        return 0;
    while (length > 0 && csv->line[length - 1] == '\r')
        length--;
    csv->line[length] = '\0';
    return 1;
}

/* The one that the header has most of; the comma where that is undecided. */
static char separator_of(const char *header)
{
    static const char separators[] = {',', ';', '\t'};
    size_t most = 0;
    char found = ',';

    for (size_t i = 0; i < sizeof(separators); i++) {
        size_t count = 0;

        for (const char *p = header; *p; p++)
            count += *p == separators[i];
        if (count > most) {
            most = count;
            found = separators[i];
        }
    }
    return found;
}

char *csv_trim(char *text)
{
    size_t length;

    while (*text == ' ' || *text == '\t')
        text++;
    length = strlen(text);
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        text[--length] = '\0';
    return text;
}

int csv_take_header(struct csv *csv, bool foreign, struct error *error)
{
    csv->separator = separator_of(csv->line);
    int count = split(csv, csv->names, error);
    if (count < 0)
        return count;
    csv->columns = (uint32_t)count;
    csv->header = csv->line; /* the names point into it */
    csv->line = NULL;
    for (int i = 0; i < count; i++) {
        if (foreign)
            csv->names[i] = csv_trim((char *)csv->names[i]);
        else if (csv->names[i][0] && csv_column(csv, csv->names[i]) != i)
            return error_set(error, -EINVAL, "%s: line 1: column '%.40s' stands there twice",
                             csv->path, csv->names[i]);
    }
    return 0;
}

void csv_set_header(struct csv *csv, const char *const *names, uint32_t count)
{
    csv->separator = separator_of(csv->line);
    memcpy(csv->names, names, count * sizeof(*names));
    csv->columns = count;
}

int csv_open_raw(struct csv *csv, const char *path, struct error *error)
{
    *csv = (struct csv){.path = path, .separator = ','};
    if (strcmp(path, "-") == 0) {
        csv->path = "standard input";
        csv->file = stdin;
    } else {
        csv->file = fopen(path, "re");
    }
    if (!csv->file) {
        int err = errno;
        return error_set(error, -err, "cannot open %s: %s", path, strerror(err));
    }
    int err = csv_next_line(csv, error);
    if (err == 0)
        err = error_set(error, -EINVAL, "%s is empty: a CSV header is missing", csv->path);
    if (err < 0) {
        csv_close(csv);
        return err;
    }
    if (strncmp(csv->line, "\xef\xbb\xbf", 3) == 0) /* the mark that some editors leave */
        memmove(csv->line, csv->line + 3, strlen(csv->line + 3) + 1);
    return 0;
}

int csv_open(struct csv *csv, const char *path, struct error *error)
{
    int err = csv_open_raw(csv, path, error);

    if (err)
        return err;
    err = csv_take_header(csv, false, error);
    if (err)
        csv_close(csv);
    return err;
}

int csv_split(struct csv *csv, struct error *error)
{
    return split(csv, csv->fields, error);
}

/* Whether there is nothing in the line but separators, as spreadsheets write rows without anything.
 */
static bool is_blank(const struct csv *csv)
{
    const char *p = csv->line;

    while (*p == csv->separator || *p == ' ' || *p == '\t')
        p++;
    return *p == '\0';
}

int csv_next(struct csv *csv, struct error *error)
{
    int err;

    do {
        err = csv_next_line(csv, error);
        if (err <= 0)
            return err;
    } while (is_blank(csv));
    int count = csv_split(csv, error);
    if (count < 0)
        return count;
    if ((uint32_t)count != csv->columns)
        return error_set(error, -EINVAL, "%s: line %llu has %d fields, the header has %u",
                         csv->path, (unsigned long long)csv->number, count, csv->columns);
    return 1;
}

int csv_column(const struct csv *csv, const char *name)
{
    for (uint32_t i = 0; i < csv->columns; i++) {
        if (strcmp(csv->names[i], name) == 0)
            return (int)i;
    }
    return -ENOENT;
}

int csv_require(const struct csv *csv, const char *name, struct error *error)
{
    int column = csv_column(csv, name);

    if (column < 0)
        return error_set(error, -EINVAL, "%s: line 1: column '%s' is missing", csv->path, name);
    return column;
}

int csv_fault(const struct csv *csv, uint32_t column, const char *why, struct error *error)
{
    return error_set(error, -EINVAL, "%s: line %llu: column '%.40s' is '%.40s': %s", csv->path,
                     (unsigned long long)csv->number, csv->names[column], csv->fields[column], why);
}

int csv_number(const struct csv *csv, uint32_t column, uint64_t most, uint64_t *value,
               struct error *error)
{
    const char *text = csv->fields[column];
    uint64_t number = 0;

    if (!*text)
        return csv_fault(csv, column, "a number is missing", error);
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return csv_fault(csv, column, "not a whole number", error);
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > most || number > (most - digit) / 10)
            return csv_fault(csv, column, "the number is too large", error);
        number = number * 10 + digit;
    }
    *value = number;
    return 0;
}

void csv_close(struct csv *csv)
{
    if (csv->file && csv->file != stdin)
        fclose(csv->file);
    free(csv->line);
    free(csv->header);
    *csv = (struct csv){0};
}
