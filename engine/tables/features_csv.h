// SPDX-License-Identifier: BSD-2-Clause
/* features.csv: one row per classified packet, what models are trained on and calibrated with.
 *
 * The header is `index` (the packet's place in the capture, from 0), the names of a feature set
 * (flow_features.h), then `label`; where asked for, then `flow` and `packet`. Coded columns have
 * the same form. */
#ifndef AFXDP_FEATURES_CSV_H
#define AFXDP_FEATURES_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "error.h"
#include "flow_features.h"

enum { LABELS_MAX = 256 };

/* Which flow of its capture a packet belongs to, and which of the flow's packets it is. */
struct flow_place {
    uint64_t flow;   /* from 0, in order of first packets; a flow that begins anew is another */
    uint64_t packet; /* from 1 */
};

/* Writes the header for rows of a set. Write errors stay in the stream: ask ferror or fclose at the
 * end. */
void features_csv_write_header(FILE *file, uint32_t feature_set, bool with_places);

/* Writes a row of that set; `label` must be one that features_csv_label_is_valid accepts, `place`
 * is NULL where the header has no such columns. */
void features_csv_write_row(FILE *file, uint64_t index, uint32_t feature_set,
                            const uint32_t *features, const char *label,
                            const struct flow_place *place);

/* A label needs no quotes in a CSV file: printable ASCII, no quote, comma or space at an end, at
 * most 63 bytes. The empty label stands for none. */
bool features_csv_label_is_valid(const char *label);

/* A features.csv in memory. */
struct features_table {
    size_t count;
    uint32_t feature_set;     /* of the rows */
    uint64_t *index;          /* [count]; 0, 1, 2… where the file has no such column */
    uint32_t *features;       /* [count][feature_count(feature_set)] */
    uint16_t *label;          /* [count], places in label_name */
    struct flow_place *place; /* [count]; NULL only where the file has no such columns */
    uint32_t label_count;
    char *label_name[LABELS_MAX]; /* in order of first appearance */
};

/* Reads the file ("-": stdin), columns by name in any order; others are ignored. `feature_set` says
 * which columns are wanted: those of a set, which a file of a larger set has too, or, with
 * FEATURE_SET_ANY, those of the set that the header has. `*out` is untouched on failure. -EINVAL
 * for a missing column, one of `flow` and `packet` without the other, a wrong number of fields, or
 * text where a number belongs: the message names file and line. */
int features_csv_read(struct features_table **out, const char *path, uint32_t feature_set,
                      struct error *error);

/* The features of a row. */
ALWAYS_INLINE uint32_t *features_table_row(const struct features_table *table, size_t row)
{
    return table->features + row * feature_count(table->feature_set);
}

/* Marks each flow's last row, the one with the largest packet number: `ends` is [count]. The rows
 * may have any order and gaps. -EINVAL for a packet that stands there twice, as when rows of
 * several captures were put into one file; the message names its line. Needs `place`. */
int features_table_flow_ends(const struct features_table *table, bool *ends, struct error *error);

void features_table_free(struct features_table *table); /* takes NULL */

#endif
