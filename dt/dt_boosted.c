// SPDX-License-Identifier: BSD-2-Clause
#include "dt_boosted.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NO_NAME = UINT32_MAX };

static bool starts_with(const uint8_t *bytes, size_t size, const char *text)
{
    return size >= strlen(text) && memcmp(bytes, text, strlen(text)) == 0;
}

int dt_boosted_format(enum dt_boosted_format *format, const void *bytes, size_t size,
                      struct error *error)
{
    const uint8_t *text = bytes;
    size_t at = 0;

    if (starts_with(text, size, "\x80\x03") || starts_with(text, size, "\x80\x04") ||
        starts_with(text, size, "\x80\x05"))
        return error_set(error, -EINVAL,
                         "a Python pickle: export ONNX, or save_model() a .json or .txt");
    if (starts_with(text, size, "binf") || starts_with(text, size, "bs64"))
        return error_set(error, -EINVAL,
                         "XGBoost's old binary form: save_model() a .json or .ubj file");
    if (starts_with(text, size, "tree\n") || starts_with(text, size, "tree\r\n")) {
        *format = DT_LIGHTGBM;
        return 0;
    }
    while (at < size && isspace(text[at]))
        at++;
    if (at == size || text[at] != '{') {
        *format = DT_NOT_BOOSTED;
        return 0;
    }
    size_t key = at + 1;
    while (key < size && isspace(text[key]))
        key++;
    if (starts_with(text + key, size - key, "\"name\""))
        return error_set(error, -EINVAL,
                         "LightGBM's JSON dump: save_model() its own text form instead");
    *format = DT_XGBOOST;
    return 0;
}

int dt_boosted_read(struct dt_ensemble **out, enum dt_boosted_format format, const void *bytes,
                    size_t size, char maker[64], struct error *error)
{
    return format == DT_XGBOOST ? dt_xgboost_read(out, bytes, size, maker, error)
                                : dt_lightgbm_read(out, bytes, size, maker, error);
}

static uint32_t feature_of(const char *name, size_t size)
{
    static const char *const names[FEATURES_MAX] = FEATURE_NAMES;

    for (uint32_t f = 0; f < FEATURES_MAX; f++) {
        if (strlen(names[f]) == size && memcmp(names[f], name, size) == 0)
            return f;
    }
    return NO_NAME;
}

int dt_columns_add(struct dt_columns *columns, const char *name, size_t size, struct error *error)
{
    if (columns->count == FEATURES_MAX)
        return error_set(error, -EINVAL, "more than %d columns", FEATURES_MAX);
    columns->feature[columns->count++] = feature_of(name, size);
    return 0;
}

int dt_columns_end(struct dt_columns *columns, uint32_t count, struct error *error)
{
    uint32_t named = 0;
    uint32_t last = 0;

    if (columns->count == 0 && count <= FEATURES_MAX) {
        while (columns->count < count)
            columns->feature[columns->count++] = NO_NAME;
    }
    for (uint32_t i = 0; i < columns->count; i++) {
        named += columns->feature[i] != NO_NAME;
        if (columns->feature[i] != NO_NAME && columns->feature[i] > last)
            last = columns->feature[i];
    }
    if (named > 0 && named == columns->count) {
        columns->feature_set = last < FEATURES_1 ? FEATURE_SET_1 : FEATURE_SET_2;
        return 0;
    }
    if (named > 0)
        return error_set(error, -EINVAL,
                         "%u of its %u columns are named after features: name all of them so, or "
                         "none",
                         named, columns->count);
    if (columns->count != FEATURES_1 && columns->count != FEATURES_2)
        return error_set(error, -EINVAL,
                         "trained on %u columns without names of features, expected %d or %d",
                         columns->count, FEATURES_1, FEATURES_2);
    columns->feature_set = columns->count == FEATURES_1 ? FEATURE_SET_1 : FEATURE_SET_2;
    for (uint32_t i = 0; i < columns->count; i++)
        columns->feature[i] = i;
    return 0;
}
