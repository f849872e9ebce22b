// SPDX-License-Identifier: BSD-2-Clause
/* Reads CSV with a header, line by line, from a file that may be anything.
 *
 * Fields may stand in double quotes (RFC 4180, but no line breaks within), lines end in LF or CR LF
 * and have at most a mebibyte.
 * Every row must have as many fields as the header. Errors name file and line. */
#ifndef AFXDP_CSV_H
#define AFXDP_CSV_H

#include <stdint.h>
#include <stdio.h>

#include "error.h"

enum { CSV_FIELDS_MAX = 256, CSV_LINE_MAX = 1 << 20 };

struct csv {
    const char *path; /* the caller's */
    FILE *file;
    char *line;      /* [CSV_LINE_MAX + 1] */
    uint64_t number; /* of the line, from 1 */
    char *header;
    uint32_t columns;
    const char *names[CSV_FIELDS_MAX];
    const char *fields[CSV_FIELDS_MAX]; /* of the row; valid until the next one is read */
};

/* Opens the file ("-": stdin) and reads its header. -errno of open and read, -EINVAL for no CSV. */
int csv_open(struct csv *csv, const char *path, struct error *error);

/* The next row: 1, at the end 0, or -errno. */
int csv_next(struct csv *csv, struct error *error);

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
