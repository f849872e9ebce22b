// SPDX-License-Identifier: BSD-2-Clause
/* What `afxdp-model eval` found, and how it shows it. */
#ifndef AFXDP_MODEL_EVALUATION_H
#define AFXDP_MODEL_EVALUATION_H

#include "features_csv.h"
#include "model_open.h"
#include "model_scores.h"

/* Owns what it points to. Without flow and packet columns in the table, only `scores` is filled. */
struct evaluation {
    struct model *model;
    struct features_table *table;
    struct verdict *verdicts; /* [table->count] */
    bool *ends;               /* [table->count], the row is its flow's last */
    uint64_t flows;           /* that have a row, with a label or not */
    struct model_scores scores;
    struct model_scores at_end; /* of each flow's last row */
    struct model_scores by_number[PACKET_RANGES];
};

void evaluation_set_class_count(struct evaluation *evaluation, uint32_t count);

/* Tables on standard output. Write errors stay in the stream. */
void evaluation_print_text(const struct evaluation *evaluation);

/* One JSON object on standard output; -ENOMEM. Write errors stay in the stream. */
int evaluation_print_json(const struct evaluation *evaluation, struct error *error);

#endif
