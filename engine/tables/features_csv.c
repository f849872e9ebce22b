// SPDX-License-Identifier: BSD-2-Clause
#include "features_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"

static const char *const feature_names[FEATURES_MAX] = FEATURE_NAMES;

void features_csv_write_header(FILE *file, uint32_t feature_set, bool with_places)
{
    fputs("index", file);
    for (uint32_t i = 0; i < feature_count(feature_set); i++)
        fprintf(file, ",%s", feature_names[i]);
    fprintf(file, ",label%s\n", with_places ? ",flow,packet" : "");
}

void features_csv_write_row(FILE *file, uint64_t index, uint32_t feature_set,
                            const uint32_t *features, const char *label,
                            const struct flow_place *place)
{
    fprintf(file, "%" PRIu64, index);
    for (uint32_t i = 0; i < feature_count(feature_set); i++)
        fprintf(file, ",%" PRIu32, features[i]);
    fprintf(file, ",%s", label);
    if (place)
        fprintf(file, ",%" PRIu64 ",%" PRIu64, place->flow, place->packet);
    fputc('\n', file);
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
    int feature[FEATURES_MAX];
    int label;
    int flow; /* and packet: -ENOENT where the file has neither */
    int packet;
};

/* One name of what set 1 lacks tells the other set: a file that has some of them and not all is
 * damaged rather than of set 1. */
static uint32_t set_of_header(const struct csv *csv)
{
    for (uint32_t i = FEATURES_1; i < FEATURES_2; i++) {
        if (csv_column(csv, feature_names[i]) >= 0)
            return FEATURE_SET_2;
    }
    return FEATURE_SET_1;
}

static int find_columns(const struct csv *csv, uint32_t feature_set, struct columns *columns,
                        struct error *error)
{
    columns->index = csv_column(csv, "index");
    for (uint32_t i = 0; i < feature_count(feature_set); i++) {
        columns->feature[i] = csv_require(csv, feature_names[i], error);
        if (columns->feature[i] < 0 && i >= FEATURES_1)
            return error_set(error, -EINVAL,
                             "%s: line 1: column '%s' is missing: feature set 2 is wanted, as "
                             "afxdp-features --set 2 writes it",
                             csv->path, feature_names[i]);
        if (columns->feature[i] < 0)
            return columns->feature[i];
    }
    columns->label = csv_require(csv, "label", error);
    if (columns->label < 0)
        return columns->label;
    columns->flow = csv_column(csv, "flow");
    columns->packet = csv_column(csv, "packet");
    if (columns->flow >= 0 && columns->packet < 0)
        return csv_require(csv, "packet", error);
    return columns->flow < 0 && columns->packet >= 0 ? csv_require(csv, "flow", error) : 0;
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

static int grow(struct features_table *table, size_t *capacity, bool with_places,
                struct error *error)
{
    size_t wanted = *capacity ? *capacity * 2 : 4096;
    void *index = reallocarray(table->index, wanted, sizeof(*table->index));
    if (index)
        table->index = index;
    void *features = reallocarray(table->features, wanted * feature_count(table->feature_set),
                                  sizeof(*table->features));
    if (features)
        table->features = features;
    void *label = reallocarray(table->label, wanted, sizeof(*table->label));
    if (label)
        table->label = label;
    void *place = with_places ? reallocarray(table->place, wanted, sizeof(*table->place)) : NULL;
    if (place)
        table->place = place;
    if (!index || !features || !label || (with_places && !place))
        return error_set(error, -ENOMEM, "no memory for %zu rows of features", wanted);
    *capacity = wanted;
    return 0;
}

static int read_place(struct flow_place *place, const struct csv *csv,
                      const struct columns *columns, struct error *error)
{
    int err = csv_number(csv, (uint32_t)columns->flow, UINT64_MAX, &place->flow, error);

    if (!err)
        err = csv_number(csv, (uint32_t)columns->packet, UINT64_MAX, &place->packet, error);
    if (!err && place->packet == 0)
        err = csv_fault(csv, (uint32_t)columns->packet, "a flow's packets count from 1", error);
    return err;
}

static int read_row(struct features_table *table, const struct csv *csv,
                    const struct columns *columns, struct error *error)
{
    size_t row = table->count;
    uint32_t *features = features_table_row(table, row);
    uint64_t value = row;

    if (columns->index >= 0) {
        int err = csv_number(csv, (uint32_t)columns->index, UINT64_MAX, &value, error);
        if (err)
            return err;
    }
    table->index[row] = value;
    for (uint32_t i = 0; i < feature_count(table->feature_set); i++) {
        int err = csv_number(csv, (uint32_t)columns->feature[i], UINT32_MAX, &value, error);
        if (err)
            return err;
        features[i] = (uint32_t)value;
    }
    int err = label_index(table, csv, (uint32_t)columns->label, &table->label[row], error);
    if (!err && table->place)
        err = read_place(&table->place[row], csv, columns, error);
    if (!err)
        table->count++;
    return err;
}

int features_csv_read(struct features_table **out, const char *path, uint32_t feature_set,
                      struct error *error)
{
    struct features_table *table = calloc(1, sizeof(*table));
    struct columns columns = {0};
    struct csv csv;
    size_t capacity = 0;

    if (!table)
        return error_set(error, -ENOMEM, "no memory for features");
    int err = csv_open(&csv, path, error);
    if (err)
        goto fail;
    table->feature_set = feature_set == FEATURE_SET_ANY ? set_of_header(&csv) : feature_set;
    err = find_columns(&csv, table->feature_set, &columns, error);
    if (!err) /* a table of no rows has its columns too */
        err = grow(table, &capacity, columns.flow >= 0, error);
    while (!err) {
        err = csv_next(&csv, error);
        if (err <= 0)
            break;
        err = table->count == capacity ? grow(table, &capacity, columns.flow >= 0, error) : 0;
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

/* By flow, packet, then row. */
static int compare_places(const void *a, const void *b, void *context)
{
    const struct flow_place *places = context;
    size_t first = *(const size_t *)a;
    size_t second = *(const size_t *)b;
    const struct flow_place *x = &places[first];
    const struct flow_place *y = &places[second];

    if (x->flow != y->flow)
        return x->flow < y->flow ? -1 : 1;
    if (x->packet != y->packet)
        return x->packet < y->packet ? -1 : 1;
    return first < second ? -1 : first > second;
}

int features_table_flow_ends(const struct features_table *table, bool *ends, struct error *error)
{
    enum { HEADER_LINES = 1 }; /* and no field holds a line break */
    const struct flow_place *places = table->place;
    size_t *rows = calloc(table->count ? table->count : 1, sizeof(*rows));
    int err = 0;

    if (!rows)
        return error_set(error, -ENOMEM, "no memory to sort %zu rows", table->count);
    for (size_t i = 0; i < table->count; i++)
        rows[i] = i;
    qsort_r(rows, table->count, sizeof(*rows), compare_places, table->place);
    for (size_t i = 0; i < table->count; i++) {
        const struct flow_place *place = &places[rows[i]];
        const struct flow_place *next = i + 1 < table->count ? &places[rows[i + 1]] : NULL;

        ends[rows[i]] = !next || next->flow != place->flow;
        if (!ends[rows[i]] && next->packet == place->packet) {
            err =
                error_set(error, -EINVAL,
                          "line %zu: packet %" PRIu64 " of flow %" PRIu64
                          " stands on line %zu already (rows of several captures need a file each)",
                          rows[i + 1] + 1 + HEADER_LINES, place->packet, place->flow,
                          rows[i] + 1 + HEADER_LINES);
            break;
        }
    }
    free(rows);
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
    free(table->place);
    free(table);
}
