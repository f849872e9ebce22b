// SPDX-License-Identifier: BSD-2-Clause
/* Reads CSV with a header, line by line, from a file that may be anything.
 *
 * Fields are separated by commas, or by semicolons or tabs where the header has more of these, and
 * may stand in double quotes (RFC 4180, but no line breaks within); lines end in LF or CR LF and
 * have at most a mebibyte; a mark of byte order before the header is passed over, and so are lines
 * without anything between their separators. Every row must have as many fields as the header.
 * Errors name file and line. */
#ifndef AFXDP_CSV_H
#define AFXDP_CSV_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"

enum { CSV_FIELDS_MAX = 256, CSV_LINE_MAX = 1 << 20 };

struct csv {
    const char *path; /* the caller's */
    FILE *file;
    char *line;      /* [CSV_LINE_MAX + 1] */
    uint64_t number; /* of the line, from 1 */
    char separator;
    char *header;
    uint32_t columns;
    const char *names[CSV_FIELDS_MAX];
    const char *fields[CSV_FIELDS_MAX]; /* of the row; valid until the next one is read */
};

/* Opens the file ("-": stdin) and reads its header. -errno of open and read, -EINVAL for no CSV. */
int csv_open(struct csv *csv, const char *path, struct error *error);

/* The same without a header: the first line, if there is one, is in csv->line. */
int csv_open_raw(struct csv *csv, const char *path, struct error *error);

/* The next line in csv->line without its end: 1, at the end 0, or -errno. */
int csv_next_line(struct csv *csv, struct error *error);

/* Takes the line in hand for the header. `foreign`: blanks around names don't count, and names may
 * be there twice, as other tools have it; the first counts. */
int csv_take_header(struct csv *csv, bool foreign, struct error *error);

/* The header of a file that has none; `names` stay the caller's. */
void csv_set_header(struct csv *csv, const char *const *names, uint32_t count);

/* Splits the line in hand into csv->fields: how many there are, or -EINVAL. */
int csv_split(struct csv *csv, struct error *error);

/* The next row: 1, at the end 0, or -errno. */
int csv_next(struct csv *csv, struct error *error);

/* Text without the blanks around it, cut off in place. */
char *csv_trim(char *text);

/* Which column has this name, or -ENOENT. */
int csv_column(const struct csv *csv, const char *name);

/* The same for a column that must be there. */
int csv_require(const struct csv *csv, const char *name, struct error *error);

/* The field as a number of digits only, at most `most`. -EINVAL names line, column and text. */
int csv_number(const struct csv *csv, uint32_t column, uint64_t most, uint64_t *value,
               struct error *error);

/* -EINVAL with a message that names file, line and column. */
int csv_fault(const struct csv *csv, uint32_t column, const char *why, struct error *error);

void csv_close(struct csv *csv);

#endif
