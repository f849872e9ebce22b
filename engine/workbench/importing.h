// SPDX-License-Identifier: BSD-2-Clause
/* From a trained model and calibration rows to a model file in memory. */
#ifndef AFXDP_IMPORTING_H
#define AFXDP_IMPORTING_H

#include <jansson.h>

#include "dt_ensemble.h"
#include "features_csv.h"
#include "import.h"

struct importing_options {
    const char *model;       /* path of an ONNX, XGBoost or LightGBM file */
    const char *calibration; /* of a features.csv */
    const char *code;        /* of an input code, or NULL */
    const char *classes;     /* names of the outputs over the file's own, or NULL */
    const char *provenance;  /* of a JSON object to keep in the model, or NULL */
    bool raw;                /* the network was trained on raw integers */
    bool force;              /* also what makes no sense on the calibration rows */
};

/* What an import holds. Zeroed by the caller, ended as a whole. */
struct importing {
    struct q8 *file; /* the result; `file->provenance` is of `provenance_text` */
    struct import_report report;
    struct error doubt; /* why it would have been refused without `force`; "" otherwise */
    struct onnx *onnx;  /* NULL: trees in their library's own form */

    /* private */
    struct import import;
    struct dt_ensemble *ensemble;
    char maker[ONNX_PRODUCER_MAX];
    struct features_table *table;
    int16_t *labels;
    char *code;
    json_t *provenance;
    char *provenance_text;
};

/* Reads, converts, runs the result on every variant that the CPU offers and looks whether it makes
 * sense (import_sense.h). -errno of reading, -EINVAL, -ENOMEM, with one line. */
int importing_run(struct importing *importing, const struct importing_options *options,
                  struct error *error);

void importing_end(struct importing *importing);

#endif
