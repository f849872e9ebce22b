// SPDX-License-Identifier: BSD-2-Clause
/* XGBoost's model, JSON or UBJSON. It asks float32(x) < threshold, adds up float32 leaves, and says
 * the second of two classes where the margin is above 0, else the first of the largest. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt_boosted.h"
#include "dt_xgboost.h"

enum { SOURCES_MAX = 2 * DT_NODES_MAX }; /* nodes of all trees, deleted ones too */

/* A key and what reads its value. */
struct field {
    const char *key;
    int (*read)(struct dt_xgboost *xgboost, const struct dt_list *list);
};

/* An object: the fields known are read, the others skipped. */
static int read_object(struct dt_xgboost *xgboost, const struct dt_list *list,
                       const struct field *fields)
{
    struct dt_document *document = &xgboost->document;
    struct dt_list object;
    struct dt_string key;
    int more = 0;
    int err = dt_document_enter(document, list, true, &object);

    while (!err && (more = dt_document_next_key(document, &object, &key)) > 0) {
        const struct field *field = fields;

        while (field->key && !dt_string_is(&key, field->key))
            field++;
        err = field->key ? field->read(xgboost, &object) : dt_document_skip(document, &object);
    }
    return err ? err : more;
}

static int refuse(const struct dt_xgboost *xgboost, const char *what, const struct dt_string *name,
                  const char *cure)
{
    return error_set(xgboost->document.error, -EINVAL, "%s '%.*s' isn't supported: %s", what,
                     name->size < 40 ? (int)name->size : 40, name->bytes, cure);
}

/* Numbers that stand as strings: "5E-1", "[1E0,2E0]", "4". */
static int read_numbers(struct dt_xgboost *xgboost, const struct dt_list *list, double *numbers,
                        size_t room, size_t *count)
{
    struct dt_string string;
    char text[64 * CLASSES_MAX];
    int err = dt_document_string(&xgboost->document, list, &string);

    if (err)
        return err;
    if (string.size >= sizeof(text))
        return error_set(xgboost->document.error, -EINVAL, "a parameter of %zu letters",
                         string.size);
    memcpy(text, string.bytes, string.size);
    text[string.size] = '\0';
    *count = 0;
    for (char *at = text + (text[0] == '['); *at && *at != ']'; at += *at == ',') {
        char *end;

        if (*count == room)
            return error_set(xgboost->document.error, -EINVAL, "more than %zu numbers", room);
        numbers[(*count)++] = (double)strtof(at, &end);
        if (end == at || (*end && *end != ',' && *end != ']'))
            return error_set(xgboost->document.error, -EINVAL, "'%.40s' isn't a number", at);
        at = end;
    }
    return 0;
}

static int read_count(struct dt_xgboost *xgboost, const struct dt_list *list, uint32_t *count)
{
    double number = 0;
    size_t numbers = 0;
    int err = read_numbers(xgboost, list, &number, 1, &numbers);

    if (!err && (numbers != 1 || !(number >= 0) || number > DT_NODES_MAX))
        err = error_set(xgboost->document.error, -EINVAL, "a parameter isn't a count");
    *count = err ? 0 : (uint32_t)number;
    return err;
}

static int read_base_score(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_numbers(xgboost, list, xgboost->base, CLASSES_MAX, &xgboost->base_count);
}

static int read_class_count(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_count(xgboost, list, &xgboost->class_count);
}

static int read_column_count(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_count(xgboost, list, &xgboost->column_count);
}

static int read_target_count(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    uint32_t targets = 0;
    int err = read_count(xgboost, list, &targets);

    if (!err && targets > 1)
        err = error_set(xgboost->document.error, -EINVAL, "%u targets: one is supported", targets);
    return err;
}

static int read_model_parameters(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {{"base_score", read_base_score},
                                          {"num_class", read_class_count},
                                          {"num_feature", read_column_count},
                                          {"num_target", read_target_count},
                                          {NULL, NULL}};

    return read_object(xgboost, list, fields);
}

static int read_objective_name(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    struct dt_string name;
    int err = dt_document_string(&xgboost->document, list, &name);

    if (err)
        return err;
    xgboost->multi = dt_string_is(&name, "multi:softprob") || dt_string_is(&name, "multi:softmax");
    xgboost->logistic = dt_string_is(&name, "binary:logistic");
    if (!xgboost->multi && !xgboost->logistic)
        return refuse(xgboost, "objective", &name,
                      "binary:logistic, multi:softprob and multi:softmax are");
    xgboost->has_objective = true;
    return 0;
}

static int read_objective(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {{"name", read_objective_name}, {NULL, NULL}};

    return read_object(xgboost, list, fields);
}

static int read_names(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    struct dt_document *document = &xgboost->document;
    struct dt_list array;
    struct dt_string name;
    int more = 0;
    int err = dt_document_enter(document, list, false, &array);

    while (!err && (more = dt_document_next(document, &array)) > 0) {
        err = dt_document_string(document, &array, &name);
        if (!err)
            err = dt_columns_add(&xgboost->columns, name.bytes, name.size, document->error);
    }
    return err ? err : more;
}

static int read_best_iteration(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    int err = read_count(xgboost, list, &xgboost->best_iteration);

    xgboost->has_best = !err;
    return err;
}

static int read_attributes(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {{"best_iteration", read_best_iteration}, {NULL, NULL}};

    return read_object(xgboost, list, fields);
}

/* An array of numbers behind those that there are. */
static int read_array(struct dt_xgboost *xgboost, const struct dt_list *list, bool single,
                      struct dt_numbers *numbers)
{
    struct dt_document *document = &xgboost->document;
    struct dt_list array;
    int more = 0;
    int err = dt_document_enter(document, list, false, &array);

    while (!err && (more = dt_document_next(document, &array)) > 0) {
        if (numbers->count == SOURCES_MAX)
            return error_set(document->error, -EINVAL, "more than %d numbers", SOURCES_MAX);
        if (numbers->count == numbers->room) {
            size_t room = numbers->room ? 2 * numbers->room : 64;
            double *values = realloc(numbers->values, room * sizeof(*values));

            if (!values)
                return error_set(document->error, -ENOMEM, "no memory for %zu numbers", room);
            numbers->values = values;
            numbers->room = room;
        }
        err = dt_document_number(document, &array, single, &numbers->values[numbers->count]);
        numbers->count += !err;
    }
    return err ? err : more;
}

static int read_left(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, false, &xgboost->left);
}

static int read_right(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, false, &xgboost->right);
}

static int read_indices(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, false, &xgboost->indices);
}

static int read_conditions(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, true, &xgboost->conditions);
}

static int read_types(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, false, &xgboost->types);
}

/* One node of the tree just read. */
static int make_node(const struct dt_xgboost *xgboost, size_t i, struct dt_source_node *node)
{
    double left = xgboost->left.values[i];
    double right = xgboost->right.values[i];
    double column = xgboost->indices.values[i];

    *node = (struct dt_source_node){.value = xgboost->conditions.values[i]};
    if (left == -1) {
        node->mode = DT_MODE_LEAF;
        return 0;
    }
    if (!(left >= 0) || left > UINT32_MAX || !(right >= 0) || right > UINT32_MAX ||
        !(column >= 0) || column > UINT32_MAX)
        return error_set(xgboost->document.error, -EINVAL, "node %zu of a tree is damaged", i);
    if (i < xgboost->types.count && xgboost->types.values[i] != 0)
        return error_set(xgboost->document.error, -EINVAL,
                         "a categorical split isn't supported: train on numbers");
    node->mode = DT_MODE_LT;
    node->yes = (uint32_t)left;
    node->no = (uint32_t)right;
    node->feature = (uint32_t)column;
    return 0;
}

static int keep_tree(struct dt_xgboost *xgboost)
{
    size_t count = xgboost->left.count;
    struct dt_xgboost_tree *tree = &xgboost->trees[xgboost->tree_count];
    int err = 0;

    if (count < 1 || xgboost->right.count != count || xgboost->indices.count != count ||
        xgboost->conditions.count != count)
        return error_set(xgboost->document.error, -EINVAL,
                         "tree %u: its lists of nodes differ in length", xgboost->tree_count);
    if (xgboost->node_count + count > SOURCES_MAX)
        return error_set(xgboost->document.error, -EINVAL, "more than %d nodes", SOURCES_MAX);
    *tree = (struct dt_xgboost_tree){.count = (uint32_t)count,
                                     .nodes = calloc(count, sizeof(*tree->nodes))};
    if (!tree->nodes)
        return error_set(xgboost->document.error, -ENOMEM, "no memory for %zu nodes", count);
    xgboost->tree_count++;
    xgboost->node_count += count;
    for (size_t i = 0; !err && i < count; i++)
        err = make_node(xgboost, i, &tree->nodes[i]);
    return err;
}

static int read_tree(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {
        {"left_children", read_left},    {"right_children", read_right},
        {"split_indices", read_indices}, {"split_conditions", read_conditions},
        {"split_type", read_types},      {NULL, NULL}};

    if (xgboost->tree_count == DT_TREES_MAX)
        return error_set(xgboost->document.error, -EINVAL, "more than %d trees", DT_TREES_MAX);
    xgboost->left.count = 0;
    xgboost->right.count = 0;
    xgboost->indices.count = 0;
    xgboost->conditions.count = 0;
    xgboost->types.count = 0;
    int err = read_object(xgboost, list, fields);
    return err ? err : keep_tree(xgboost);
}

static int read_trees(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    struct dt_list array;
    int more = 0;
    int err = dt_document_enter(&xgboost->document, list, false, &array);

    while (!err && (more = dt_document_next(&xgboost->document, &array)) > 0)
        err = read_tree(xgboost, &array);
    return err ? err : more;
}

static int read_groups(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, false, &xgboost->groups);
}

static int read_drops(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, true, &xgboost->drops);
}

static int read_parallel(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_count(xgboost, list, &xgboost->parallel);
}

static int read_tree_parameters(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {{"num_parallel_tree", read_parallel}, {NULL, NULL}};

    return read_object(xgboost, list, fields);
}

static int read_model(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {{"gbtree_model_param", read_tree_parameters},
                                          {"trees", read_trees},
                                          {"tree_info", read_groups},
                                          {NULL, NULL}};

    return read_object(xgboost, list, fields);
}

static int read_booster_name(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    struct dt_string name;
    int err = dt_document_string(&xgboost->document, list, &name);

    if (!err && !dt_string_is(&name, "gbtree") && !dt_string_is(&name, "dart"))
        err = refuse(xgboost, "booster", &name, "gbtree and dart are");
    return err;
}

/* dart's trees stand in a gbtree of its own. */
static int read_booster(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {{"name", read_booster_name},
                                          {"model", read_model},
                                          {"gbtree", read_booster},
                                          {"weight_drop", read_drops},
                                          {NULL, NULL}};

    if (++xgboost->depth > 2)
        return error_set(xgboost->document.error, -EINVAL, "a booster within a booster");
    int err = read_object(xgboost, list, fields);
    xgboost->depth--;
    return err;
}

static int read_learner(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    static const struct field fields[] = {
        {"attributes", read_attributes},    {"feature_names", read_names},
        {"gradient_booster", read_booster}, {"learner_model_param", read_model_parameters},
        {"objective", read_objective},      {NULL, NULL}};

    return read_object(xgboost, list, fields);
}

static int read_version(struct dt_xgboost *xgboost, const struct dt_list *list)
{
    return read_array(xgboost, list, false, &xgboost->version);
}

int dt_xgboost_parse(struct dt_xgboost *xgboost)
{
    static const struct field fields[] = {
        {"learner", read_learner}, {"version", read_version}, {NULL, NULL}};

    return read_object(xgboost, NULL, fields);
}
