// SPDX-License-Identifier: BSD-2-Clause
#include "dt_quantise.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "dt_draft.h"

/* Whether the lower values of the feature go to the branch's yes: a scaling may turn them round. */
static bool low_is_yes(const struct dt_ensemble *ensemble, const struct dt_ensemble_node *node)
{
    bool falls = onnx_steps_apply(&ensemble->scaling, node->feature, UINT32_MAX) <
                 onnx_steps_apply(&ensemble->scaling, node->feature, 0);
    bool asks_below = node->mode == DT_MODE_LEQ || node->mode == DT_MODE_LT;

    return asks_below != falls;
}

/* Whether a value goes to the branch's lower side. */
static bool is_low(const struct dt_ensemble *ensemble, const struct dt_ensemble_node *node,
                   uint32_t value)
{
    return dt_ensemble_yes(ensemble, node, value) == low_is_yes(ensemble, node);
}

/* The largest integer on the lower side; 0 and UINT32_MAX lie on different ones. */
static uint32_t threshold_of(const struct dt_ensemble *ensemble,
                             const struct dt_ensemble_node *node)
{
    uint32_t low = 0;
    uint32_t high = UINT32_MAX;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (is_low(ensemble, node, middle))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Where a way leads once branches that always go to one side are left out. The ensemble is sound,
 * so that every way ends. */
static uint32_t look_through(const struct dt_ensemble *ensemble, uint32_t at)
{
    const struct dt_ensemble_node *node = &ensemble->nodes[at];

    while (node->mode != DT_MODE_LEAF) {
        bool low_yes = low_is_yes(ensemble, node);

        if (is_low(ensemble, node, UINT32_MAX))
            at = low_yes ? node->yes : node->no;
        else if (!is_low(ensemble, node, 0))
            at = low_yes ? node->no : node->yes;
        else
            break;
        node = &ensemble->nodes[at];
    }
    return at;
}

static void draft_nodes(struct dt_draft_node *nodes, const struct dt_ensemble *ensemble)
{
    for (uint32_t i = 0; i < ensemble->node_count; i++) {
        const struct dt_ensemble_node *node = &ensemble->nodes[i];
        if (node->mode == DT_MODE_LEAF) {
            nodes[i] = (struct dt_draft_node){.is_leaf = true, .row = node->row};
            continue;
        }
        bool low_yes = low_is_yes(ensemble, node);
        nodes[i] = (struct dt_draft_node){
            .feature = node->feature,
            .threshold = threshold_of(ensemble, node),
            .left = look_through(ensemble, low_yes ? node->yes : node->no),
            .right = look_through(ensemble, low_yes ? node->no : node->yes),
        };
    }
}

static double row_largest(const double *row, uint32_t class_count)
{
    double largest = 0;

    for (uint32_t i = 0; i < class_count; i++) {
        if (fabs(row[i]) > largest)
            largest = fabs(row[i]);
    }
    return largest;
}

/* The power of two that makes the largest possible sum at most 2^30. */
static int scale_of(const struct dt_ensemble *ensemble)
{
    double largest[DT_TREES_MAX] = {0};
    double sum = 0;
    int exponent;

    for (uint32_t i = 0; i < ensemble->node_count; i++) {
        const struct dt_ensemble_node *node = &ensemble->nodes[i];

        if (node->mode != DT_MODE_LEAF)
            continue;
        double size = row_largest(ensemble->weights + (size_t)node->row * ensemble->class_count,
                                  ensemble->class_count);
        if (size > largest[node->tree])
            largest[node->tree] = size;
    }
    for (uint32_t t = 0; t < ensemble->tree_count; t++)
        sum += largest[t];
    if (sum == 0)
        return 0;
    double fraction = frexp(sum, &exponent); /* sum = fraction * 2^exponent, fraction in [1/2, 1) */
    return 30 - (fraction == 0.5 ? exponent - 1 : exponent);
}

/* Where rounding has made the best class of a leaf equal to one before it, lifts it by one unit. */
static void keep_class(int32_t *score, const double *weights, uint32_t class_count)
{
    uint32_t best = 0;

    for (uint32_t i = 1; i < class_count; i++) {
        if (weights[i] > weights[best])
            best = i;
    }
    for (uint32_t i = 0; i < best; i++) {
        if (score[i] == score[best])
            score[best]++;
    }
}

static void draft_scores(int32_t *scores, const struct dt_ensemble *ensemble)
{
    uint32_t class_count = ensemble->class_count;
    int scale = scale_of(ensemble);

    for (uint32_t row = 0; row < ensemble->row_count; row++) {
        const double *weights = ensemble->weights + (size_t)row * class_count;
        int32_t *score = scores + (size_t)row * class_count;

        for (uint32_t i = 0; i < class_count; i++)
            score[i] = (int32_t)floor(ldexp(weights[i], scale) + 0.5);
        if (ensemble->tree_count == 1)
            keep_class(score, weights, class_count);
    }
}

int dt_quantise(struct dt_model **out, const struct dt_ensemble *ensemble, struct error *error)
{
    struct dt_draft draft = {
        .feature_set = ensemble->feature_set,
        .class_count = ensemble->class_count,
        .tree_count = ensemble->tree_count,
        .node_count = ensemble->node_count,
        .row_count = ensemble->row_count,
    };
    struct dt_draft_node *nodes = calloc(ensemble->node_count, sizeof(*nodes));
    int32_t *scores = calloc((size_t)ensemble->row_count * ensemble->class_count, sizeof(*scores));
    int err;

    if (!nodes || !scores) {
        err = error_set(error, -ENOMEM, "no memory for %u nodes", ensemble->node_count);
    } else {
        draft_nodes(nodes, ensemble);
        draft_scores(scores, ensemble);
        for (uint32_t t = 0; t < ensemble->tree_count; t++)
            draft.root[t] = look_through(ensemble, ensemble->root[t]);
        draft.nodes = nodes;
        draft.scores = scores;
        err = dt_draft_finish(out, &draft, error);
    }
    free(nodes);
    free(scores);
    return err;
}
