// SPDX-License-Identifier: BSD-2-Clause
#include "labels.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features_csv.h"
#include "label_name_private.h"
#include "label_source_private.h"

/* A packet's label by index. */
struct indexed_label {
    uint64_t index;
    uint64_t line; /* for messages, and so that sorting keeps the file's order */
    uint32_t name;
    bool seen;
};

enum { TEXTS_MAX = 1024, NOTES_MAX = 32 };

/* What a table calls a class. */
struct label_text {
    char *text;
    uint32_t name;
};

struct labels {
    uint32_t name_count;
    char *names[LABELS_MAX];
    uint32_t text_count;
    struct label_text texts[TEXTS_MAX];
    uint32_t note_count;
    char *notes[NOTES_MAX];
    struct indexed_label *indexed;
    size_t indexed_count;
    struct label_table *table;
    uint64_t packets;
    uint64_t unmatched;
    bool constant; /* names[0] is every packet's */
};

static int note(struct labels *labels, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Beyond NOTES_MAX they say nothing new. */
static int note(struct labels *labels, const char *format, ...)
{
    va_list arguments;

    if (labels->note_count == NOTES_MAX)
        return 0;
    va_start(arguments, format);
    int length = vasprintf(&labels->notes[labels->note_count], format, arguments);
    va_end(arguments);
    labels->note_count += length >= 0;
    return length < 0 ? -ENOMEM : 0;
}

/* The number of a class of that name. */
static int intern_name(struct labels *labels, const char *name, const struct csv *csv,
                       uint32_t *number, struct error *error)
{
    for (uint32_t i = 0; i < labels->name_count; i++) {
        if (strcmp(labels->names[i], name) == 0) {
            *number = i;
            return 0;
        }
    }
    if (labels->name_count == LABELS_MAX)
        return error_set(error, -EINVAL, "%s: line %llu: more than 256 different labels", csv->path,
                         (unsigned long long)csv->number);
    labels->names[labels->name_count] = strdup(name);
    if (!labels->names[labels->name_count])
        return error_set(error, -ENOMEM, "no memory for labels");
    *number = labels->name_count++;
    return 0;
}

/* Gives the label its number: the class of that name, or the nearest name that a class can have. */
static int intern(struct labels *labels, const struct csv *csv, const char *column,
                  const char *text, uint32_t *number, struct error *error)
{
    char name[LABEL_NAME_MAX];

    for (uint32_t i = 0; i < labels->text_count; i++) {
        if (strcmp(labels->texts[i].text, text) == 0) {
            *number = labels->texts[i].name;
            return 0;
        }
    }
    bool same = label_name(text, name);
    if (!*name || !features_csv_label_is_valid(name))
        return error_set(error, -EINVAL,
                         "%s: line %llu: column '%.40s' is '%.40s': not a label (1 to 63 printable "
                         "characters, no comma)",
                         csv->path, (unsigned long long)csv->number, column, text);
    int err = intern_name(labels, name, csv, number, error);
    if (err)
        return err;
    if (!same && note(labels, "%s: line %llu: '%.80s' becomes the class '%s'", csv->path,
                      (unsigned long long)csv->number, text, name) != 0)
        return error_set(error, -ENOMEM, "no memory for labels");
    if (labels->text_count == TEXTS_MAX)
        return 0;
    struct label_text *known = &labels->texts[labels->text_count];
    *known = (struct label_text){strdup(text), *number};
    labels->text_count += known->text != NULL;
    return known->text ? 0 : error_set(error, -ENOMEM, "no memory for labels");
}

int labels_new(struct labels **out, const char *label, struct error *error)
{
    if (!*label || !features_csv_label_is_valid(label))
        return error_set(error, -EINVAL,
                         "'%.70s' is not a label (1 to 63 printable characters, no comma)", label);
    struct labels *labels = calloc(1, sizeof(*labels));
    if (!labels || !(labels->names[0] = strdup(label))) {
        free(labels);
        return error_set(error, -ENOMEM, "no memory for labels");
    }
    labels->name_count = 1;
    labels->constant = true;
    *out = labels;
    return 0;
}

static int compare_indexed(const void *a, const void *b)
{
    const struct indexed_label *x = a;
    const struct indexed_label *y = b;

    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int read_indexed(struct labels *labels, struct csv *csv, struct error *error)
{
    uint32_t index_column = (uint32_t)csv_column(csv, "index");
    int label_column = csv_require(csv, "label", error);
    size_t capacity = 0;
    int more;

    if (label_column < 0)
        return label_column;
    while ((more = csv_next(csv, error)) > 0) {
        if (labels->indexed_count == capacity) {
            capacity = capacity ? capacity * 2 : 4096;
            void *grown = reallocarray(labels->indexed, capacity, sizeof(*labels->indexed));
            if (!grown)
                return error_set(error, -ENOMEM, "no memory for %zu labels", capacity);
            labels->indexed = grown;
        }
        struct indexed_label *row = &labels->indexed[labels->indexed_count];
        row->line = csv->number;
        row->seen = false;
        int err = csv_number(csv, index_column, UINT64_MAX, &row->index, error);
        if (!err)
            err = intern(labels, csv, "label", csv->fields[label_column], &row->name, error);
        if (err)
            return err;
        labels->indexed_count++;
    }
    if (more < 0)
        return more;
    if (labels->indexed_count > 0)
        qsort(labels->indexed, labels->indexed_count, sizeof(*labels->indexed), compare_indexed);
    for (size_t i = 1; i < labels->indexed_count; i++) {
        if (labels->indexed[i].index == labels->indexed[i - 1].index)
            return error_set(error, -EINVAL, "%s: line %llu: index %llu stands there twice",
                             csv->path, (unsigned long long)labels->indexed[i].line,
                             (unsigned long long)labels->indexed[i].index);
    }
    return 0;
}

/* Rows that can't match, and the first line of each kind. */
struct oddities {
    uint64_t backward, backward_line;
    uint64_t foreign, foreign_line;
};

static int note_oddities(struct labels *labels, const struct label_source *source,
                         const struct oddities *odd)
{
    int err = 0;

    if (odd->backward)
        err = note(labels,
                   "%s: %llu rows end before they start and match nothing, the first in line %llu",
                   source->csv.path, (unsigned long long)odd->backward,
                   (unsigned long long)odd->backward_line);
    if (!err && odd->foreign)
        err = note(labels,
                   "%s: %llu rows are of no IP protocol that is known and left out, the first in "
                   "line %llu",
                   source->csv.path, (unsigned long long)odd->foreign,
                   (unsigned long long)odd->foreign_line);
    return err;
}

static int read_flows(struct labels *labels, struct label_source *source, struct error *error)
{
    struct oddities odd = {0};
    const char *label;
    struct label_row row;
    int more;
    int err = label_table_new(&labels->table, error);

    while (!err && (more = label_source_next(source, &row, &label, error)) != 0) {
        if (more < 0)
            return more;
        if (more == 2) {
            odd.foreign_line = odd.foreign++ ? odd.foreign_line : source->csv.number;
            continue;
        }
        if (row.end < row.start)
            odd.backward_line = odd.backward++ ? odd.backward_line : source->csv.number;
        err = intern(labels, &source->csv, source->name[COLUMN_LABEL], label, &row.name, error);
        if (!err)
            err = label_table_add(labels->table, &row, error);
    }
    if (!err)
        err = label_table_index(labels->table, error);
    if (!err && note_oddities(labels, source, &odd) != 0)
        err = error_set(error, -ENOMEM, "no memory for labels");
    return err;
}

int labels_read(struct labels **out, const struct labels_options *options, struct error *error)
{
    struct label_source source;
    int err = label_source_open(&source, options, error);

    if (err)
        return err;
    struct labels *labels = calloc(1, sizeof(*labels));
    if (!labels)
        err = error_set(error, -ENOMEM, "no memory for labels");
    else if (label_source_is_indexed(&source))
        err = read_indexed(labels, &source.csv, error);
    else
        err = read_flows(labels, &source, error);
    label_source_close(&source);
    if (err) {
        labels_free(labels);
        return err;
    }
    *out = labels;
    return 0;
}

uint32_t labels_notes(const struct labels *labels, const char *const **lines)
{
    *lines = (const char *const *)labels->notes;
    return labels->note_count;
}

static bool find_indexed(struct labels *labels, uint64_t index, uint32_t *name)
{
    size_t low = 0;
    size_t high = labels->indexed_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (labels->indexed[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == labels->indexed_count || labels->indexed[low].index != index)
        return false;
    labels->indexed[low].seen = true;
    *name = labels->indexed[low].name;
    return true;
}

const char *labels_find(struct labels *labels, uint64_t index, const struct frame *frame,
                        const struct packet *packet)
{
    uint32_t name = 0;
    bool found = labels->constant;

    if (!found)
        found = labels->table ? label_table_find(labels->table, frame, packet, &name)
                              : find_indexed(labels, index, &name);
    labels->packets++;
    labels->unmatched += !found;
    return found ? labels->names[name] : NULL;
}

void labels_joined(const struct labels *labels, struct labels_joined *joined)
{
    *joined = (struct labels_joined){.rows = labels->indexed_count,
                                     .packets = labels->packets,
                                     .packets_unmatched = labels->unmatched};
    for (size_t i = 0; i < labels->indexed_count; i++)
        joined->rows_unmatched += !labels->indexed[i].seen;
    if (!labels->table)
        return;
    joined->rows = label_table_rows(labels->table);
    joined->rows_unmatched = label_table_unmatched(labels->table);
    if (labels->unmatched == 0)
        return;
    struct label_shift shift = label_table_best_shift(labels->table);
    joined->would_join = (uint64_t)(shift.share * (double)labels->unmatched);
    joined->shift = shift.offset;
}

void labels_free(struct labels *labels)
{
    if (!labels)
        return;
    for (uint32_t i = 0; i < labels->name_count; i++)
        free(labels->names[i]);
    for (uint32_t i = 0; i < labels->text_count; i++)
        free(labels->texts[i].text);
    for (uint32_t i = 0; i < labels->note_count; i++)
        free(labels->notes[i]);
    free(labels->indexed);
    label_table_free(labels->table);
    free(labels);
}
