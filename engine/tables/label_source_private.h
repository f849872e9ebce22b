// SPDX-License-Identifier: BSD-2-Clause
/* Flow tables of other tools, read as they are, row by row. Private to the label tables. */
#ifndef AFXDP_LABEL_SOURCE_H
#define AFXDP_LABEL_SOURCE_H

#include "csv.h"
#include "label_table.h"
#include "label_time_private.h"
#include "labels.h"

enum label_column {
    COLUMN_START,
    COLUMN_END,
    COLUMN_DURATION,
    COLUMN_PROTOCOL,
    COLUMN_SOURCE,
    COLUMN_DESTINATION,
    COLUMN_SOURCE_PORT,
    COLUMN_DESTINATION_PORT,
    COLUMN_SOURCE_MAC,
    COLUMN_DESTINATION_MAC,
    COLUMN_LABEL,
    COLUMNS
};

enum { COLUMN_NAMES = 3, LABEL_TEXT_MAX = 256 };

/* How a tool writes its table. */
struct label_preset {
    const char *names[COLUMNS][COLUMN_NAMES]; /* what its columns are called, in any case */
    int64_t duration_unit;                    /* ns */
    bool afternoon;                           /* see struct label_clock */
    const char *otherwise;                    /* the label of rows whose cell is empty, or NULL */
    /* The project's own table: no column but the named ones, numbers as they are, times exact. In
     * others protocols have names, ports of protocols without ports mean something else ("-", an
     * ICMP type), and a time reaches as far as its last digit. */
    bool own;
};

struct label_source {
    struct csv csv;
    const struct labels_options *options;
    const struct label_preset *preset;
    struct label_clock clock;
    bool json;    /* every line is an object */
    bool in_hand; /* the first line has been read, and is a row */
    enum labels_format format;
    int column[COLUMNS];                /* place in the csv, -1: not there */
    const char *name[COLUMNS];          /* as the file has it, for messages */
    const char *cell[COLUMNS];          /* of the row in hand; NULL: empty */
    char text[COLUMNS][LABEL_TEXT_MAX]; /* of JSON's */
    struct eve *eve;                    /* its alerts and flows, once they are read */
};

/* Opens the table and finds out what it is, if the options don't say. */
int label_source_open(struct label_source *source, const struct labels_options *options,
                      struct error *error);

/* Whether it is one of labels by packet: the columns index and label, for the caller to read. */
bool label_source_is_indexed(const struct label_source *source);

/* The next row and its label, which stays until the one after it: 1; 2 for a row of no IP protocol
 * that is known; 0 at the end, -errno. */
int label_source_next(struct label_source *source, struct label_row *row, const char **label,
                      struct error *error);

void label_source_close(struct label_source *source);

/* -EINVAL with a message that names file, line and column. */
int label_fault(const struct label_source *source, enum label_column column, const char *why,
                struct error *error);

/* The row that source->cell holds, but for its label: 0, 2 as above, -EINVAL. */
int label_row_parse(struct label_row *row, const struct label_source *source, struct error *error);

/* Parts of label_source_open and _next for lines of JSON. */
int label_json_next(struct label_source *source, struct error *error);
int label_eve_next(struct label_source *source, struct label_row *row, const char **label,
                   struct error *error);
void label_eve_free(struct eve *eve);

#endif
