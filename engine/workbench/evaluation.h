// SPDX-License-Identifier: BSD-2-Clause
/* A model's verdicts on rows of features, against their labels. */
#ifndef AFXDP_EVALUATION_H
#define AFXDP_EVALUATION_H

#include <jansson.h>
#include <stdbool.h>

#include "classifier.h"
#include "features_csv.h"
#include "model_scores.h"
#include "q8.h"

/* Without flow and packet columns in the table, only `scores` is filled. */
struct evaluation {
    const struct q8 *file; /* the caller's, as long as this */
    struct features_table *table;
    struct verdict *verdicts; /* [table->count] */
    bool *ends;               /* [table->count], the row is its flow's last */
    uint64_t flows;           /* that have a row, with a label or not */
    struct model_scores scores;
    struct model_scores at_end; /* of each flow's last row */
    struct model_scores by_number[PACKET_RANGES];
};

/* Classifies the rows of a features.csv and counts labels against verdicts. A label that is no
 * class of the model is refused: leaving such rows out would flatter it. `*out` is untouched on
 * failure; -errno of reading, -EINVAL or -ENOMEM, with one line. */
int evaluation_new(struct evaluation **out, const struct q8 *file,
                   const struct classifier *classifier, const char *features, struct error *error);

void evaluation_free(struct evaluation *evaluation); /* takes NULL */

/* What was found as members of an object: rows, scores, flows. NULL: no memory. */
json_t *evaluation_json(const struct evaluation *evaluation);

#endif
