// SPDX-License-Identifier: BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt_xgboost.h"

static int check(struct dt_xgboost *xgboost)
{
    struct error *error = xgboost->document.error;
    uint32_t classes = xgboost->class_count > 1 ? xgboost->class_count : 2;

    if (!xgboost->has_objective || xgboost->tree_count == 0)
        return error_set(error, -EINVAL, "not an XGBoost model: it has no %s",
                         xgboost->tree_count == 0 ? "trees" : "objective");
    if (xgboost->multi != (xgboost->class_count > 1) || classes > CLASSES_MAX)
        return error_set(error, -EINVAL, "%u classes don't suit its objective",
                         xgboost->class_count);
    if (xgboost->groups.count != xgboost->tree_count ||
        (xgboost->drops.count > 0 && xgboost->drops.count != xgboost->tree_count))
        return error_set(error, -EINVAL, "its lists of trees differ in length");
    if (xgboost->base_count > 1 && xgboost->base_count != classes)
        return error_set(error, -EINVAL, "%zu base scores for %u classes", xgboost->base_count,
                         classes);
    uint32_t parallel = xgboost->parallel > 0 ? xgboost->parallel : 1;
    uint32_t a_round = parallel * (xgboost->multi ? classes : 1);
    if (xgboost->has_best && xgboost->best_iteration + 1 != xgboost->tree_count / a_round)
        return error_set(error, -EINVAL,
                         "stopped early at round %u of %u: save model[:%u], so that the file has "
                         "the rounds that count",
                         xgboost->best_iteration + 1, xgboost->tree_count / a_round,
                         xgboost->best_iteration + 1);
    return dt_columns_end(&xgboost->columns, xgboost->column_count, error);
}

/* Of two classes the base score is a probability, which float32 arithmetic makes a margin. */
static void find_base(const struct dt_xgboost *xgboost, double base[CLASSES_MAX])
{
    for (uint32_t k = 0; xgboost->multi && k < xgboost->class_count; k++)
        base[k] = xgboost->base_count > 1    ? xgboost->base[k]
                  : xgboost->base_count == 1 ? xgboost->base[0]
                                             : 0;
    if (!xgboost->multi && xgboost->base_count > 0)
        base[1] = (double)-logf(1.0F / (float)xgboost->base[0] - 1.0F);
}

static int grow_tree(struct dt_grow *grow, struct dt_xgboost *xgboost, uint32_t t)
{
    struct dt_xgboost_tree *tree = &xgboost->trees[t];
    double group = xgboost->groups.values[t];

    if (!(group >= 0) || group >= grow->ensemble->class_count || (!xgboost->multi && group != 0))
        return error_set(grow->error, -EINVAL, "tree %u belongs to class %g of %u", t, group,
                         grow->ensemble->class_count);
    for (uint32_t i = 0; i < tree->count; i++) {
        struct dt_source_node *node = &tree->nodes[i];

        node->class_index = xgboost->multi ? (uint32_t)group : 1;
        if (node->mode == DT_MODE_LEAF)
            continue;
        if (node->feature >= xgboost->columns.count)
            return error_set(grow->error, -EINVAL, "tree %u: a node tests column %u of %u", t,
                             node->feature, xgboost->columns.count);
        node->feature = xgboost->columns.feature[node->feature];
    }
    return dt_grow_tree(grow, tree->nodes, tree->count, 0,
                        xgboost->drops.count > 0 ? xgboost->drops.values[t] : 1);
}

static int make(struct dt_ensemble **out, struct dt_xgboost *xgboost)
{
    double base[CLASSES_MAX] = {0};
    struct dt_grow grow;
    int err = check(xgboost);

    if (!err)
        err = dt_grow_begin(&grow, xgboost->columns.feature_set,
                            xgboost->multi ? xgboost->class_count : 2, xgboost->document.error);
    if (err)
        return err;
    grow.ensemble->scaling = (struct onnx_steps){
        .single = true, .count = 1, .step = {{.kind = ONNX_STEP_ROUND, .single = true}}};
    find_base(xgboost, base);
    for (uint32_t t = 0; !err && t < xgboost->tree_count; t++)
        err = grow_tree(&grow, xgboost, t);
    if (!err)
        err = dt_grow_end(&grow, base);
    if (err)
        dt_ensemble_free(grow.ensemble);
    else
        *out = grow.ensemble;
    return err;
}

/* UBJSON's first key has a length where JSON has a quote. */
static bool is_binary(const uint8_t *bytes, size_t size)
{
    size_t at = 0;

    while (at < size && bytes[at] != '{')
        at++;
    at++;
    while (at < size && isspace(bytes[at]))
        at++;
    return at < size && bytes[at] != '"' && bytes[at] != '}';
}

static void name_maker(const struct dt_xgboost *xgboost, char maker[64])
{
    size_t at = (size_t)snprintf(maker, 64, "XGBoost");

    for (size_t i = 0; i < xgboost->version.count && i < 3; i++)
        at += (size_t)snprintf(maker + at, 64 - at, "%c%.6g", i == 0 ? ' ' : '.',
                               xgboost->version.values[i]);
}

static void xgboost_free(struct dt_xgboost *xgboost)
{
    if (!xgboost)
        return;
    for (uint32_t t = 0; t < xgboost->tree_count; t++)
        free(xgboost->trees[t].nodes);
    free(xgboost->groups.values);
    free(xgboost->drops.values);
    free(xgboost->version.values);
    free(xgboost->left.values);
    free(xgboost->right.values);
    free(xgboost->indices.values);
    free(xgboost->conditions.values);
    free(xgboost->types.values);
    free(xgboost);
}

int dt_xgboost_read(struct dt_ensemble **out, const void *bytes, size_t size, char maker[64],
                    struct error *error)
{
    struct dt_xgboost *xgboost = calloc(1, sizeof(*xgboost));

    if (!xgboost)
        return error_set(error, -ENOMEM, "no memory for an XGBoost model");
    xgboost->document = (struct dt_document){
        .begin = bytes,
        .at = bytes,
        .end = (const uint8_t *)bytes + size,
        .binary = is_binary(bytes, size),
        .error = error,
    };
    int err = dt_xgboost_parse(xgboost);
    if (!err)
        err = make(out, xgboost);
    if (!err)
        name_maker(xgboost, maker);
    xgboost_free(xgboost);
    return err;
}
