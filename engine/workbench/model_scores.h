// SPDX-License-Identifier: BSD-2-Clause
/* How often a model is right: counts of labels against verdicts, and what follows from them. */
#ifndef AFXDP_MODEL_SCORES_H
#define AFXDP_MODEL_SCORES_H

#include <stddef.h>
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

/* False positives: the share of rows of the first class, which in a detector is what isn't to be
 * found, that got another; -1 without such rows. */
double model_scores_false_positives(const struct model_scores *scores);

/* Packets early and late in their flows are scored apart: the first ones have no history. */
enum { PACKET_RANGES = 7 };

struct packet_range {
    uint64_t first; /* packet numbers in the flow, from 1 */
    uint64_t last;  /* included; UINT64_MAX: all that follow */
};

extern const struct packet_range packet_ranges[PACKET_RANGES];

/* Which range a packet number (at least 1) is in. */
size_t packet_range_of(uint64_t packet);

#endif
