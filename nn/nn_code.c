// SPDX-License-Identifier: BSD-2-Clause
#include "nn_code.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "nn_reference.h"

enum {
    CODE_VERSION = 1,
};

static const char *const feature_names[FEATURES_MAX] = FEATURE_NAMES;

static void make_table(uint8_t code[NN_CODES], const uint32_t counts[NN_CODES], size_t rows)
{
    double raw[NN_CODES];
    double least = -1;
    double held = 0;
    size_t below = 0;
    uint32_t seen = 0;
    uint32_t place = 0;

    for (uint32_t i = 0; i < NN_CODES; i++)
        seen += counts[i] > 0;
    for (uint32_t i = 0; i < NN_CODES; i++) {
        if (counts[i] > 0) {
            double rank = ((double)below + counts[i] / 2.0) / (double)rows;

            held = (rank + (double)place / (seen > 1 ? seen - 1 : 1)) / 2;
            least = least < 0 ? held : least;
            below += counts[i];
            place++;
        }
        raw[i] = held; /* 0 before the first one seen */
    }
    double range = held - least;
    for (uint32_t i = 0; i < NN_CODES; i++) {
        double stretched = raw[i] > least ? (raw[i] - least) / range * NN_ACTIVATION_MAX : 0;

        code[i] = (uint8_t)(stretched + 0.5);
    }
}

void nn_code_make(struct nn_code_tables *tables, uint32_t feature_set, const uint32_t *rows,
                  size_t count)
{
    uint32_t inputs = feature_count(feature_set);

    tables->feature_set = feature_set;
    for (uint32_t f = 0; f < inputs; f++) {
        uint32_t counts[NN_CODES] = {0};

        for (size_t i = 0; i < count; i++)
            counts[nn_code_index(rows[i * inputs + f])]++;
        make_table(tables->code[f], counts, count);
    }
}

char *nn_code_text(const struct nn_code_tables *tables)
{
    json_t *root = json_object();
    json_t *features = json_array();
    json_t *all = json_array();
    int failed = json_object_set_new(root, "version", json_integer(CODE_VERSION));

    for (uint32_t f = 0; f < feature_count(tables->feature_set); f++) {
        json_t *table = json_array();

        for (uint32_t i = 0; i < NN_CODES; i++)
            failed |= json_array_append_new(table, json_integer(tables->code[f][i]));
        failed |= json_array_append_new(features, json_string(feature_names[f]));
        failed |= json_array_append_new(all, table);
    }
    failed |= json_object_set_new(root, "features", features);
    failed |= json_object_set_new(root, "tables", all);
    char *text = failed ? NULL : json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static int parse_table(uint8_t code[NN_CODES], const json_t *table, uint32_t feature,
                       struct error *error)
{
    const char *name = feature_names[feature];

    if (!json_is_array(table) || json_array_size(table) != NN_CODES)
        return error_set(error, -EINVAL, "the table of %s isn't an array of %d numbers", name,
                         NN_CODES);
    for (uint32_t i = 0; i < NN_CODES; i++) {
        const json_t *entry = json_array_get(table, i);
        json_int_t value = json_integer_value(entry);

        if (!json_is_integer(entry) || value < 0 || value > NN_ACTIVATION_MAX)
            return error_set(error, -EINVAL, "the table of %s: entry %u isn't an integer 0 to %d",
                             name, i, NN_ACTIVATION_MAX);
        code[i] = (uint8_t)value;
        if (i > 0 && code[i] < code[i - 1])
            return error_set(error, -EINVAL, "the table of %s: entry %u is below the one before",
                             name, i);
    }
    return 0;
}

static int parse(struct nn_code_tables *tables, const json_t *root, struct error *error)
{
    const json_t *features = json_object_get(root, "features");
    const json_t *all = json_object_get(root, "tables");

    if (json_integer_value(json_object_get(root, "version")) != CODE_VERSION)
        return error_set(error, -EINVAL, "'version' isn't %d", CODE_VERSION);
    size_t count = json_array_size(features);
    if ((count != FEATURES_1 && count != FEATURES_2) || json_array_size(all) != count)
        return error_set(error, -EINVAL, "'features' and 'tables' aren't arrays of %d or of %d",
                         FEATURES_1, FEATURES_2);
    tables->feature_set = count == FEATURES_2 ? FEATURE_SET_2 : FEATURE_SET_1;
    for (uint32_t f = 0; f < count; f++) {
        const char *name = json_string_value(json_array_get(features, f));

        if (!name || strcmp(name, feature_names[f]) != 0)
            return error_set(error, -EINVAL, "feature %u isn't %s", f, feature_names[f]);
        int err = parse_table(tables->code[f], json_array_get(all, f), f, error);
        if (err)
            return err;
    }
    return 0;
}

int nn_code_parse(struct nn_code_tables *tables, const char *text, struct error *error)
{
    json_error_t where;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &where);

    if (!root)
        return error_set(error, -EINVAL, "input code: line %d: %s", where.line, where.text);
    int err = parse(tables, root, error);
    json_decref(root);
    return err ? error_prefix(error, err, "input code") : 0;
}
