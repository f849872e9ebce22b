// SPDX-License-Identifier: BSD-2-Clause
/* A classifier: feature vectors in, classes out. The pipeline knows no more of a model than this.
 *
 * nn/ and dt/ each make one from a model file. A classifier is read-only after it was made: any
 * number of threads may classify with it at once. */
#ifndef AFXDP_CLASSIFIER_H
#define AFXDP_CLASSIFIER_H

#include <stddef.h>

#include "flow_features.h"
#include "verdict.h"

/* Classifies `count` packets, any count from 0 on. `features` are rows of as many values as the
 * classifier's feature set has (feature_count), each right behind the other. Pure: reads nothing
 * but its arguments, allocates nothing, makes no system call. A batch of N gives what N batches of
 * one give. */
typedef void classify_function(const void *model, const uint32_t *features, size_t count,
                               struct verdict *verdicts);

struct classifier {
    classify_function *classify;
    const void *model;    /* owned by the classifier */
    uint32_t feature_set; /* FEATURE_SET_1 or FEATURE_SET_2 */
    const char *kind;     /* "nn" or "dt" */
    const char *variant;  /* the implementation in use: "scalar", "avx2", ...; static */
    void (*destroy)(struct classifier *classifier); /* frees model and classifier; takes NULL */
};

#endif
