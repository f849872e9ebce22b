// SPDX-License-Identifier: BSD-2-Clause
/* How often a model is right: counts of labels against verdicts, and what follows from them. */
#ifndef AFXDP_MODEL_SCORES_H
#define AFXDP_MODEL_SCORES_H

#include <stdint.h>

#include "verdict.h"

struct model_scores {
    uint32_t class_count;
    uint64_t count[CLASSES_MAX][CLASSES_MAX]; /* [label][verdict] */
};

/* Shares 0..1; -1 where there is nothing to take a share of. */
struct class_scores {
    uint64_t labelled; /* rows with this label */
    uint64_t given;    /* rows with this verdict */
    double precision;  /* of those given, labelled so */
    double recall;     /* of those labelled so, given */
    double f1;         /* 2 right / (labelled + given) */
};

struct class_scores model_scores_of(const struct model_scores *scores, uint32_t class_index);

uint64_t model_scores_rows(const struct model_scores *scores);

/* Share of right verdicts; -1 without rows. */
double model_scores_accuracy(const struct model_scores *scores);

/* Mean F1 of the classes that occur as a label or a verdict; -1 without rows. */
double model_scores_macro_f1(const struct model_scores *scores);

#endif
