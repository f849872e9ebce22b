// SPDX-License-Identifier: BSD-2-Clause
/* The reader of features.csv: what it took can be written and read again, value by value. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "features_csv.h"
#include "fuzz.h"

static int read_back(struct features_table **out, int fd, struct error *error)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return features_csv_read(out, path, FEATURE_SET_ANY, error);
}

static void write_again(const struct features_table *table)
{
    struct features_table *again = NULL;
    struct error error = {""};
    int fd = memfd_create("again.csv", MFD_CLOEXEC);
    FILE *file = fdopen(dup(fd), "w");

    MUST(file != NULL);
    features_csv_write_header(file, table->feature_set, table->place != NULL);
    for (size_t i = 0; i < table->count; i++)
        features_csv_write_row(file, table->index[i], table->feature_set,
                               features_table_row(table, i), table->label_name[table->label[i]],
                               table->place ? &table->place[i] : NULL);
    MUST(fclose(file) == 0);
    MUST(read_back(&again, fd, &error) == 0);
    close(fd);
    size_t width = feature_count(table->feature_set) * sizeof(*table->features);
    MUST(again->feature_set == table->feature_set);
    MUST(again->count == table->count && again->label_count == table->label_count);
    for (size_t i = 0; i < table->count; i++) {
        MUST(again->index[i] == table->index[i]);
        MUST(memcmp(features_table_row(again, i), features_table_row(table, i), width) == 0);
        MUST(!table->place || (again->place[i].flow == table->place[i].flow &&
                               again->place[i].packet == table->place[i].packet));
        MUST(strcmp(again->label_name[again->label[i]], table->label_name[table->label[i]]) == 0);
    }
    features_table_free(again);
}

/* Every flow ends once, at a row that no row of it follows. */
static void find_ends(const struct features_table *table)
{
    struct error error = {""};
    bool *ends = calloc(table->count + 1, sizeof(*ends));

    MUST(ends != NULL);
    int err = features_table_flow_ends(table, ends, &error);
    MUST(err == 0 || (err == -EINVAL && error.text[0] != '\0' && !strchr(error.text, '\n')));
    for (size_t i = 0; !err && i < table->count && i < 100; i++) {
        for (size_t k = 0; k < table->count && k < 100; k++)
            MUST(!ends[i] || k == i || table->place[k].flow != table->place[i].flow ||
                 table->place[k].packet < table->place[i].packet);
    }
    free(ends);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct features_table *table = NULL;
    struct error error = {""};
    int fd = memfd_create("features.csv", MFD_CLOEXEC);

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    int err = read_back(&table, fd, &error);
    close(fd);
    if (err) {
        MUST(err < 0 && table == NULL);
        MUST(error.text[0] != '\0' && !strchr(error.text, '\n'));
        return 0;
    }
    for (size_t i = 0; i < table->count; i++)
        MUST(features_csv_label_is_valid(table->label_name[table->label[i]]));
    write_again(table);
    if (table->place)
        find_ends(table);
    features_table_free(table);
    return 0;
}
