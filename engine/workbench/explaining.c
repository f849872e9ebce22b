// SPDX-License-Identifier: BSD-2-Clause
#include "explaining.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "features_csv.h"

/* Digits up to a comma or the end. */
static bool take_number(const char **text, uint64_t most, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(*text, &end, 10);
    if (**text < '0' || **text > '9' || errno != 0 || *number > most || (*end && *end != ','))
        return false;
    *text = *end ? end + 1 : end;
    return *end == '\0' || **text != '\0';
}

static int row_of_values(uint32_t row[FEATURES_MAX], const char *text, uint32_t feature_set,
                         struct error *error)
{
    uint32_t count = 0;
    uint64_t number;

    for (const char *at = text; *at; count++) {
        if (!take_number(&at, UINT32_MAX, &number))
            return error_set(error, -EINVAL, "--row: value %u should be a number up to %u",
                             count + 1, UINT32_MAX);
        if (count < feature_count(feature_set))
            row[count] = (uint32_t)number;
    }
    if (count == feature_count(feature_set))
        return 0;
    return error_set(error, -EINVAL,
                     "--row: %u values, where the model reads %u; a row's number needs the "
                     "features.csv that it is in",
                     count, feature_count(feature_set));
}

static int row_of_table(uint32_t row[FEATURES_MAX], const char *text, const char *features,
                        uint32_t feature_set, struct error *error)
{
    struct features_table *table = NULL;
    uint64_t index;
    size_t at = 0;

    if (strchr(text, ',') || !take_number(&text, UINT64_MAX, &index))
        return error_set(error, -EINVAL, "--row %.40s: should be an index in %.200s", text,
                         features);
    int status = features_csv_read(&table, features, feature_set, error);
    if (status != 0)
        return status;
    while (at < table->count && table->index[at] != index)
        at++;
    if (at < table->count)
        memcpy(row, features_table_row(table, at), feature_count(feature_set) * sizeof(*row));
    else
        status =
            error_set(error, -EINVAL, "%.200s: no row has the index %" PRIu64, features, index);
    features_table_free(table);
    return status;
}

int explaining_row(uint32_t row[FEATURES_MAX], const char *text, const char *features,
                   uint32_t feature_set, struct error *error)
{
    return features ? row_of_table(row, text, features, feature_set, error)
                    : row_of_values(row, text, feature_set, error);
}
