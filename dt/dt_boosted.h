// SPDX-License-Identifier: BSD-2-Clause
/* Boosted trees in the files of their own libraries: XGBoost's JSON and UBJSON, LightGBM's text.
 * Classifiers only; each library's rules for thresholds, missing values, base scores and ties. */
#ifndef AFXDP_DT_BOOSTED_H
#define AFXDP_DT_BOOSTED_H

#include "dt_grow.h"

enum dt_boosted_format {
    DT_NOT_BOOSTED, /* an ONNX file, for all that its first bytes tell */
    DT_XGBOOST,
    DT_LIGHTGBM,
};

/* What a file is by its first bytes. -EINVAL for one that is known but can't be read (a Python
 * pickle, XGBoost's old binary form, LightGBM's JSON dump), with what to save instead. */
int dt_boosted_format(enum dt_boosted_format *format, const void *bytes, size_t size,
                      struct error *error);

/* Reads the bytes, behind which a NUL stands at bytes[size]. The ensemble knows its feature set and
 * class count; `maker` gets the library and version, printable. `*out` is untouched on failure;
 * free it with dt_ensemble_free. -EINVAL with the reason, -ENOMEM. */
int dt_boosted_read(struct dt_ensemble **out, enum dt_boosted_format format, const void *bytes,
                    size_t size, char maker[64], struct error *error);

/* Where the file's columns stand among the features. Names of features give their places, in any
 * order and number; a library's own names (Column_7, f7) or none count the columns, of which there
 * must be as many as a feature set has. */
struct dt_columns {
    uint32_t feature_set;
    uint32_t count;
    uint32_t feature[FEATURES_MAX];
};

/* One more column of that name. -EINVAL where there are too many. */
int dt_columns_add(struct dt_columns *columns, const char *name, size_t size, struct error *error);

/* Settles the set; `count` columns where none has a name. */
int dt_columns_end(struct dt_columns *columns, uint32_t count, struct error *error);

int dt_xgboost_read(struct dt_ensemble **out, const void *bytes, size_t size, char maker[64],
                    struct error *error);
int dt_lightgbm_read(struct dt_ensemble **out, const void *bytes, size_t size, char maker[64],
                     struct error *error);

#endif
