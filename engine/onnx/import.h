// SPDX-License-Identifier: BSD-2-Clause
/* What importing a network and importing a tree have in common (docs/onnx.md is the contract):
 * the model's classes, the calibration rows, the confidence table and the golden vectors.
 *
 * All of it is the same on every machine: integers, and double arithmetic without functions whose
 * results vary. */
#ifndef AFXDP_IMPORT_H
#define AFXDP_IMPORT_H

#include "onnx.h"
#include "q8.h"

enum {
    IMPORT_ROWS_MAX = 1 << 20, /* calibration rows */
};

/* Everything that an importer reads. */
struct import {
    const struct onnx *onnx; /* NULL for another kind of file */
    const char *code;        /* text of code.json, for a network whose file has none; else NULL */
    bool raw;                /* a network reads the raw integers, whatever code there is */
    uint32_t class_count;
    struct q8_class classes[CLASSES_MAX];
    uint32_t feature_set;     /* of the model, and of the rows */
    const uint32_t *features; /* the calibration rows, raw integers, each right behind the other */
    const int16_t *labels;    /* the class of each row, -1: not known */
    size_t rows;              /* 1..IMPORT_ROWS_MAX */
};

/* The features of a calibration row. */
ALWAYS_INLINE const uint32_t *import_row(const struct import *import, size_t row)
{
    return import->features + row * feature_count(import->feature_set);
}

/* What the user sees afterwards. Shares are of the calibration rows. */
struct import_report {
    size_t rows;
    size_t labelled;
    size_t right; /* verdicts that equal the label */
    size_t labelled_of[CLASSES_MAX];
    size_t right_of[CLASSES_MAX];
    size_t agreeing; /* verdicts that equal those of the model in the ONNX file */
    char choice[64]; /* what the scale search kept, "" where there was none */
};

/* The feature set that a graph was made for: what the property afxdp.features says, else 2 where
 * its input has FEATURES_2 columns, else 1. -EINVAL for a property that names no set. */
int import_feature_set(uint32_t *feature_set, const struct onnx *onnx, struct error *error);

/* Fills classes and class_count from a comma-separated list or, where `list` is NULL, from the
 * property afxdp.classes or else the file's own class labels; every default action is `count`.
 * Refuses names in another order than the labels. -EINVAL with the reason, also where there are no
 * names. */
int import_classes(struct import *import, const char *list, struct error *error);

/* A model's answer to one row. */
struct import_score {
    uint32_t class_index;
    int32_t best;   /* score of that class */
    int32_t second; /* highest of the others */
};

typedef void import_score_function(const void *model, const uint32_t *features,
                                   struct import_score *score);

/* Asks the model for its answer to every row and makes the file: the confidence table fitted to
 * the labels, golden vectors of calibration rows and of extremes, provenance "{}". The payload is
 * copied. Adds `right` and `labelled` to the report. Free the file with q8_free.
 * -EINVAL where no row has a label, -ENOMEM. */
int import_finish(struct q8 **out, enum q8_kind kind, const struct import *import,
                  import_score_function *score, const void *model, const uint8_t *payload,
                  size_t payload_size, struct import_report *report, struct error *error);

/* Fits the table to `count` answers, at least one: the shift that leaves at most a tenth of the
 * margins in the last step, then the non-decreasing shares of right answers that are closest in
 * squares (pool adjacent violators). Steps that no margin falls into take the step below. */
void import_fit_confidence(struct confidence_table *table, const uint32_t *margins,
                           const bool *right, size_t count);

enum {
    IMPORT_GOLDEN_MAX = 352,
};

/* Picks rows evenly, those with each feature's least and largest value, and makes up vectors of
 * zeros, powers of two and their neighbours, and the largest value. Returns how many of the
 * IMPORT_GOLDEN_MAX vectors that `golden` has room for. */
uint32_t import_pick_golden(const struct import *import, uint32_t (*golden)[FEATURES_MAX]);

#endif
