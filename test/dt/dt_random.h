// SPDX-License-Identifier: BSD-2-Clause
/* Random trees and rows that try hard to find a difference, and the answer worked out the plain
 * way from the draft: nothing here shares code with dt/'s inference. */
#ifndef DT_RANDOM_H
#define DT_RANDOM_H

#include "dt_draft.h"
#include "q8.h"

struct dt_random {
    uint64_t state;
};

uint32_t random_u32(struct dt_random *random);
uint32_t random_below(struct dt_random *random, uint32_t bound); /* 0..bound-1, bound > 0 */

/* What to grow. Depth 0 is a single leaf. */
struct random_shape {
    uint32_t feature_set; /* 0: FEATURE_SET_1 */
    uint32_t tree_count;
    uint32_t depth;
    uint32_t class_count;
    uint32_t feature_count; /* only the first so many of a shuffled list are tested */
    uint32_t leaf_percent;  /* chance of a leaf before the full depth; 0: a complete tree */
    bool chain;             /* one branch a level: as deep as it is narrow */
    bool small_thresholds;  /* below 256: many equal ones */
    bool fine_scores;       /* hardly two equal ones, so that verdicts are many, not ties */
};

struct random_shape random_shape(struct dt_random *random);

struct random_model {
    struct dt_draft draft;
    struct dt_draft_node *nodes; /* what draft.nodes points to */
    int32_t *scores;
    struct q8 file; /* with a payload, a confidence table and one golden vector */
    struct q8_golden golden;
    uint8_t *payload;
};

void random_model_make(struct random_model *model, const struct random_shape *shape,
                       struct dt_random *random);
/* Makes the file of a model whose draft is filled. */
void random_model_finish(struct random_model *model, struct dt_random *random);
void random_model_free(struct random_model *model);

/* A row of thresholds of the model, their neighbours, extremes and noise. */
void random_row(uint32_t *features, const struct random_model *model, struct dt_random *random);

struct verdict plain_verdict(const struct random_model *model, const uint32_t *features);

/* From the environment's AFXDP_SEED or the clock; printed. */
struct dt_random random_start(void);

#endif
