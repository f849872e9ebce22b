// SPDX-License-Identifier: BSD-2-Clause
/* What an XGBoost file says, before it is made into an ensemble; private to dt_xgboost*.c. */
#ifndef AFXDP_DT_XGBOOST_H
#define AFXDP_DT_XGBOOST_H

#include "dt_boosted.h"
#include "dt_document.h"

struct dt_numbers {
    size_t count;
    size_t room;
    double *values;
};

struct dt_xgboost_tree {
    uint32_t count;
    struct dt_source_node *nodes;
};

struct dt_xgboost {
    struct dt_document document;
    struct dt_columns columns;
    uint32_t column_count;
    uint32_t class_count; /* 0 or 1: two */
    double base[CLASSES_MAX];
    size_t base_count;
    bool has_objective;
    bool multi;
    bool logistic;
    bool has_best;
    uint32_t best_iteration;
    uint32_t parallel; /* trees of a round, per class */
    int depth;         /* of boosters within boosters */

    uint32_t tree_count;
    size_t node_count;
    struct dt_xgboost_tree trees[DT_TREES_MAX];
    struct dt_numbers groups; /* each tree's class */
    struct dt_numbers drops;  /* dart: each tree's weight */
    struct dt_numbers version;

    struct dt_numbers left; /* of the tree being read, as are the next four */
    struct dt_numbers right;
    struct dt_numbers indices;
    struct dt_numbers conditions;
    struct dt_numbers types;
};

/* Reads the document. -EINVAL with the reason, -ENOMEM. */
int dt_xgboost_parse(struct dt_xgboost *xgboost);

#endif
