// SPDX-License-Identifier: BSD-2-Clause
#include "features_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"

static const char *const feature_names[FEATURE_COUNT] = FEATURE_NAMES;

void features_csv_write_header(FILE *file)
{
    fputs("index", file);
    for (int i = 0; i < FEATURE_COUNT; i++)
        fprintf(file, ",%s", feature_names[i]);
    fputs(",label\n", file);
}

void features_csv_write_row(FILE *file, uint64_t index, const struct features *features,
                            const char *label)
{
    fprintf(file, "%" PRIu64, index);
    for (int i = 0; i < FEATURE_COUNT; i++)
        fprintf(file, ",%" PRIu32, features->value[i]);
    fprintf(file, ",%s\n", label);
}

bool features_csv_label_is_valid(const char *label)
{
    size_t length = strlen(label);

    if (length == 0)
        return true;
    if (length > 63 || label[0] == ' ' || label[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (label[i] < ' ' || label[i] > '~' || label[i] == ',' || label[i] == '"')
            return false;
    }
    return true;
}

/* Where each value stands in a row. */
struct columns {
    int index;
    int feature[FEATURE_COUNT];
    int label;
};

static int find_columns(const struct csv *csv, struct columns *columns, struct error *error)
{
    columns->index = csv_column(csv, "index");
    for (int i = 0; i < FEATURE_COUNT; i++) {
        columns->feature[i] = csv_require(csv, feature_names[i], error);
        if (columns->feature[i] < 0)
            return columns->feature[i];
    }
    columns->label = csv_require(csv, "label", error);
    return columns->label < 0 ? columns->label : 0;
}

static int label_index(struct features_table *table, const struct csv *csv, uint32_t column,
                       uint16_t *index, struct error *error)
{
    const char *label = csv->fields[column];

    for (uint32_t i = 0; i < table->label_count; i++) {
        if (strcmp(table->label_name[i], label) == 0) {
            *index = (uint16_t)i;
            return 0;
        }
    }
    if (!features_csv_label_is_valid(label))
        return csv_fault(csv, column, "not a label (at most 63 printable characters, no comma)",
                         error);
    if (table->label_count == LABELS_MAX)
        return csv_fault(csv, column, "more than 256 different labels", error);
    char *copy = strdup(label);
    if (!copy)
        return error_set(error, -ENOMEM, "no memory for labels");
    *index = (uint16_t)table->label_count;
    table->label_name[table->label_count++] = copy;
    return 0;
}

static int grow(struct features_table *table, size_t *capacity, struct error *error)
{
    size_t wanted = *capacity ? *capacity * 2 : 4096;
    void *index = reallocarray(table->index, wanted, sizeof(*table->index));
    if (index)
        table->index = index;
    void *features = reallocarray(table->features, wanted, sizeof(*table->features));
    if (features)
        table->features = features;
    void *label = reallocarray(table->label, wanted, sizeof(*table->label));
    if (label)
        table->label = label;
    if (!index || !features || !label)
        return error_set(error, -ENOMEM, "no memory for %zu rows of features", wanted);
    *capacity = wanted;
    return 0;
}

static int read_row(struct features_table *table, const struct csv *csv,
                    const struct columns *columns, struct error *error)
{
    size_t row = table->count;
    uint64_t value = row;

    if (columns->index >= 0) {
        int err = csv_number(csv, (uint32_t)columns->index, UINT64_MAX, &value, error);
        if (err)
            return err;
    }
    table->index[row] = value;
    for (int i = 0; i < FEATURE_COUNT; i++) {
        int err = csv_number(csv, (uint32_t)columns->feature[i], UINT32_MAX, &value, error);
        if (err)
            return err;
        table->features[row].value[i] = (uint32_t)value;
    }
    int err = label_index(table, csv, (uint32_t)columns->label, &table->label[row], error);
    if (!err)
        table->count++;
    return err;
}

int features_csv_read(struct features_table **out, const char *path, struct error *error)
{
    struct features_table *table = calloc(1, sizeof(*table));
    struct columns columns;
    struct csv csv;
    size_t capacity = 0;

    if (!table)
        return error_set(error, -ENOMEM, "no memory for features");
    int err = csv_open(&csv, path, error);
    if (err)
        goto fail;
    err = find_columns(&csv, &columns, error);
    while (!err) {
        err = csv_next(&csv, error);
        if (err <= 0)
            break;
        err = table->count == capacity ? grow(table, &capacity, error) : 0;
        if (!err)
            err = read_row(table, &csv, &columns, error);
    }
    csv_close(&csv);
    if (err)
        goto fail;
    *out = table;
    return 0;
fail:
    features_table_free(table);
    return err;
}

void features_table_free(struct features_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; i < table->label_count; i++)
        free(table->label_name[i]);
    free(table->index);
    free(table->features);
    free(table->label);
    free(table);
}
