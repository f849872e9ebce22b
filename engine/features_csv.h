// SPDX-License-Identifier: BSD-2-Clause
/* features.csv: one row per classified packet, what models are trained on and calibrated with.
 *
 * The header is `index` (the packet's place in the capture, from 0), the twelve names of
 * flow_features.h, then `label`. Coded columns have the same form. */
#ifndef AFXDP_FEATURES_CSV_H
#define AFXDP_FEATURES_CSV_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"
#include "flow_features.h"

enum { LABELS_MAX = 256 };

/* Writes the header. Write errors stay in the stream: ask ferror or fclose at the end. */
void features_csv_write_header(FILE *file);

/* Writes a row; `label` must be one that features_csv_label_is_valid accepts. */
void features_csv_write_row(FILE *file, uint64_t index, const struct features *features,
                            const char *label);

/* A label needs no quotes in a CSV file: printable ASCII, no quote, comma or space at an end, at
 * most 63 bytes. The empty label stands for none. */
bool features_csv_label_is_valid(const char *label);

/* A features.csv in memory. */
struct features_table {
    size_t count;
    uint64_t *index;           /* [count]; 0, 1, 2… where the file has no such column */
    struct features *features; /* [count] */
    uint16_t *label;           /* [count], places in label_name */
    uint32_t label_count;
    char *label_name[LABELS_MAX]; /* in order of first appearance */
};

/* Reads the file ("-": stdin), columns by name in any order; others are ignored. `*out` is
 * untouched on failure. -EINVAL for a missing column, a wrong number of fields, or text where a
 * number belongs: the message names file and line. */
int features_csv_read(struct features_table **out, const char *path, struct error *error);

void features_table_free(struct features_table *table); /* takes NULL */

#endif
