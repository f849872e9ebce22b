// SPDX-License-Identifier: BSD-2-Clause
#include "labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "features_csv.h"
#include "label_table.h"

/* A packet's label by index. */
struct indexed_label {
    uint64_t index;
    uint64_t line; /* for messages, and so that sorting keeps the file's order */
    uint32_t name;
};

struct labels {
    uint32_t name_count;
    char *names[LABELS_MAX];
    struct indexed_label *indexed;
    size_t indexed_count;
    struct label_table *table;
    bool constant; /* names[0] is every packet's */
};

/* Gives the label its number. */
static int intern(struct labels *labels, const struct csv *csv, uint32_t column, uint32_t *name,
                  struct error *error)
{
    const char *text = csv->fields[column];

    for (uint32_t i = 0; i < labels->name_count; i++) {
        if (strcmp(labels->names[i], text) == 0) {
            *name = i;
            return 0;
        }
    }
    if (!*text || !features_csv_label_is_valid(text))
        return csv_fault(csv, column, "not a label (1 to 63 printable characters, no comma)",
                         error);
    if (labels->name_count == LABELS_MAX)
        return csv_fault(csv, column, "more than 256 different labels", error);
    labels->names[labels->name_count] = strdup(text);
    if (!labels->names[labels->name_count])
        return error_set(error, -ENOMEM, "no memory for labels");
    *name = labels->name_count++;
    return 0;
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
        int err = csv_number(csv, index_column, UINT64_MAX, &row->index, error);
        if (!err)
            err = intern(labels, csv, (uint32_t)label_column, &row->name, error);
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

static int read_flows(struct labels *labels, struct csv *csv, struct error *error)
{
    struct label_columns columns;
    int more;
    int err = label_columns_find(&columns, csv, error);

    if (!err)
        err = label_table_new(&labels->table, error);
    if (err)
        return err;
    while ((more = csv_next(csv, error)) > 0) {
        struct label_row row;

        err = label_row_parse(&row, &columns, csv, error);
        if (!err)
            err = intern(labels, csv, columns.label, &row.name, error);
        if (!err)
            err = label_table_add(labels->table, &row, error);
        if (err)
            return err;
    }
    return more < 0 ? more : label_table_index(labels->table, error);
}

int labels_read(struct labels **out, const char *path, struct error *error)
{
    struct csv csv;
    int err = csv_open(&csv, path, error);

    if (err)
        return err;
    struct labels *labels = calloc(1, sizeof(*labels));
    if (!labels)
        err = error_set(error, -ENOMEM, "no memory for labels");
    else if (csv_column(&csv, "index") >= 0)
        err = read_indexed(labels, &csv, error);
    else
        err = read_flows(labels, &csv, error);
    csv_close(&csv);
    if (err) {
        labels_free(labels);
        return err;
    }
    *out = labels;
    return 0;
}

static const char *find_indexed(const struct labels *labels, uint64_t index)
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
    if (low < labels->indexed_count && labels->indexed[low].index == index)
        return labels->names[labels->indexed[low].name];
    return NULL;
}

const char *labels_find(const struct labels *labels, uint64_t index, const struct frame *frame,
                        const struct packet *packet)
{
    if (labels->constant)
        return labels->names[0];
    if (!labels->table)
        return find_indexed(labels, index);
    const struct label_row *row = label_table_find(labels->table, frame, packet);
    return row ? labels->names[row->name] : NULL;
}

void labels_free(struct labels *labels)
{
    if (!labels)
        return;
    for (uint32_t i = 0; i < labels->name_count; i++)
        free(labels->names[i]);
    free(labels->indexed);
    label_table_free(labels->table);
    free(labels);
}
