// SPDX-License-Identifier: BSD-2-Clause
/* LightGBM's text: lines of name=value, a header and then each tree. It asks double(x) <=
 * threshold, where a tree says that zeros are missing sends 0 the node's default way, adds up
 * double leaves, and says the second of two classes where the sum is above 0, else the first of the
 * largest. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt_boosted.h"

enum {
    CATEGORICAL = 1, /* bits of decision_type */
    DEFAULT_LEFT = 2,
    MISSING_SHIFT = 2,
    MISSING_ZERO = 1,
    LEAVES_MAX = DT_NODES_MAX / 2 + 1,
    NAME_WIDTH = 32,
};

/* A line's name and value, NUL-terminated where the file is. */
struct line {
    const char *name;
    size_t name_size;
    const char *value;
    size_t value_size;
};

struct reader {
    const char *at;
    const char *end;
    struct dt_grow grow;
    struct dt_columns columns;
    uint32_t column_count;
    uint32_t class_count; /* 1: two */
    uint32_t per_round;   /* trees of a round */
    bool has_objective;
    char version[16];
    struct error *error;
};

/* The numbers of a tree, as they stand in its lines. */
struct tree {
    uint32_t leaves;
    struct line features, thresholds, decisions, left, right, values;
};

/* The next line; false at the end of the file. */
static bool next_line(struct reader *reader, struct line *line)
{
    if (reader->at >= reader->end)
        return false;
    size_t left = (size_t)(reader->end - reader->at);
    const char *end = memchr(reader->at, '\n', left);
    size_t size = end ? (size_t)(end - reader->at) : left;
    const char *equals = memchr(reader->at, '=', size);

    line->name = reader->at;
    line->name_size = equals ? (size_t)(equals - reader->at) : size;
    while (!equals && line->name_size > 0 &&
           isspace((unsigned char)line->name[line->name_size - 1]))
        line->name_size--;
    line->value = equals ? equals + 1 : reader->at + size;
    line->value_size = (size_t)(reader->at + size - line->value);
    reader->at += size + (end ? 1 : 0);
    return true;
}

static bool is(const struct line *line, const char *name)
{
    return line->name_size == strlen(name) && memcmp(line->name, name, line->name_size) == 0;
}

/* The next word of a value; false at its end. */
static bool next_word(struct line *line, const char **word, size_t *size)
{
    while (line->value_size > 0 && isspace((unsigned char)*line->value)) {
        line->value++;
        line->value_size--;
    }
    *word = line->value;
    *size = 0;
    while (*size < line->value_size && !isspace((unsigned char)(*word)[*size]))
        ++*size;
    line->value += *size;
    line->value_size -= *size;
    return *size > 0;
}

static int number(struct reader *reader, struct line *line, double *out)
{
    const char *word;
    char text[64];
    char *end = text;
    size_t size;

    if (next_word(line, &word, &size) && size < sizeof(text)) {
        memcpy(text, word, size);
        text[size] = '\0';
        *out = strtod(text, &end);
    }
    if (end == text || *end != '\0' || isnan(*out))
        return error_set(reader->error, -EINVAL, "line '%.*s': a number is missing or damaged",
                         line->name_size < NAME_WIDTH ? (int)line->name_size : NAME_WIDTH,
                         line->name);
    return 0;
}

static int whole(struct reader *reader, struct line *line, int64_t least, int64_t most,
                 int64_t *out)
{
    double value = 0;
    int err = number(reader, line, &value);

    if (!err && (value < (double)least || value > (double)most || value != floor(value)))
        err = error_set(reader->error, -EINVAL, "line '%.*s': %g isn't within %lld to %lld",
                        line->name_size < NAME_WIDTH ? (int)line->name_size : NAME_WIDTH,
                        line->name, value, (long long)least, (long long)most);
    *out = err ? least : (int64_t)value;
    return err;
}

static int read_objective(struct reader *reader, struct line *line)
{
    static const char *const known[] = {"binary", "multiclass", "multiclassova"};
    const char *word;
    size_t size;

    if (!next_word(line, &word, &size))
        size = 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        reader->has_objective |= size == strlen(known[i]) && memcmp(word, known[i], size) == 0;
    if (reader->has_objective)
        return 0;
    return error_set(reader->error, -EINVAL,
                     "objective '%.*s' isn't supported: binary, multiclass and multiclassova are",
                     size < NAME_WIDTH ? (int)size : NAME_WIDTH, word);
}

static int read_names(struct reader *reader, struct line *line)
{
    const char *word;
    size_t size;
    int err = 0;

    while (!err && next_word(line, &word, &size))
        err = dt_columns_add(&reader->columns, word, size, reader->error);
    return err;
}

static int read_header_line(struct reader *reader, struct line *line)
{
    int64_t value = 0;
    int err = 0;

    if (is(line, "version")) {
        snprintf(reader->version, sizeof(reader->version), "%.*s",
                 line->value_size < 8 ? (int)line->value_size : 8, line->value);
    } else if (is(line, "num_class")) {
        err = whole(reader, line, 1, CLASSES_MAX, &value);
        reader->class_count = (uint32_t)value;
    } else if (is(line, "num_tree_per_iteration")) {
        err = whole(reader, line, 1, CLASSES_MAX, &value);
        reader->per_round = (uint32_t)value;
    } else if (is(line, "max_feature_idx")) {
        err = whole(reader, line, 0, UINT16_MAX, &value);
        reader->column_count = (uint32_t)value + 1;
    } else if (is(line, "objective")) {
        err = read_objective(reader, line);
    } else if (is(line, "feature_names")) {
        err = read_names(reader, line);
    }
    return err;
}

/* Up to the first tree, whose line it leaves. */
static int read_header(struct reader *reader)
{
    struct line line;
    int err = 0;

    for (;;) {
        const char *before = reader->at;

        if (!next_line(reader, &line))
            return error_set(reader->error, -EINVAL, "it has no tree");
        if (is(&line, "Tree")) {
            reader->at = before;
            break;
        }
        err = read_header_line(reader, &line);
        if (err)
            return err;
    }
    if (!reader->has_objective)
        return error_set(reader->error, -EINVAL, "it has no objective: only classifiers are read");
    if (reader->per_round != reader->class_count)
        return error_set(reader->error, -EINVAL, "%u trees a round for %u classes",
                         reader->per_round, reader->class_count);
    return dt_columns_end(&reader->columns, reader->column_count, reader->error);
}

/* LightGBM names a leaf by its number's complement; here leaves stand behind the branches. */
static int child(struct reader *reader, struct line *line, const struct tree *tree, uint32_t *place)
{
    int64_t value = 0;
    int err = whole(reader, line, -(int64_t)tree->leaves, (int64_t)tree->leaves - 2, &value);

    *place = (uint32_t)(value >= 0 ? value : (int64_t)tree->leaves - 1 + ~value);
    return err;
}

static int read_branch(struct reader *reader, struct tree *tree, struct dt_source_node *node)
{
    int64_t column = 0;
    int64_t decision = 0;
    int err = whole(reader, &tree->features, 0, reader->columns.count - 1, &column);

    *node = (struct dt_source_node){.mode = DT_MODE_LEQ};
    if (!err)
        err = number(reader, &tree->thresholds, &node->value);
    if (!err)
        err = whole(reader, &tree->decisions, 0, 15, &decision);
    if (!err)
        err = child(reader, &tree->left, tree, &node->yes);
    if (!err)
        err = child(reader, &tree->right, tree, &node->no);
    if (!err && (decision & CATEGORICAL))
        err = error_set(reader->error, -EINVAL,
                        "tree %u: a categorical split isn't supported: train on numbers",
                        reader->grow.ensemble->tree_count);
    if (err)
        return err;
    node->feature = reader->columns.feature[column];
    if (decision >> MISSING_SHIFT == MISSING_ZERO)
        node->zero = decision & DEFAULT_LEFT ? DT_ZERO_YES : DT_ZERO_NO;
    return 0;
}

static int read_leaf(struct reader *reader, struct tree *tree, struct dt_source_node *node)
{
    uint32_t number_of_tree = reader->grow.ensemble->tree_count;

    *node = (struct dt_source_node){
        .mode = DT_MODE_LEAF,
        .class_index = reader->class_count > 1 ? number_of_tree % reader->class_count : 1,
    };
    return number(reader, &tree->values, &node->value);
}

static int make_tree(struct reader *reader, struct tree *tree)
{
    uint32_t branches = tree->leaves - 1;
    uint32_t count = branches + tree->leaves;
    struct dt_source_node *nodes = calloc(count, sizeof(*nodes));
    int err = nodes ? 0 : error_set(reader->error, -ENOMEM, "no memory for %u nodes", count);

    for (uint32_t i = 0; !err && i < branches; i++)
        err = read_branch(reader, tree, &nodes[i]);
    for (uint32_t i = branches; !err && i < count; i++)
        err = read_leaf(reader, tree, &nodes[i]);
    if (!err)
        err = dt_grow_tree(&reader->grow, nodes, count, 0, 1);
    free(nodes);
    return err;
}

static int read_tree_line(struct reader *reader, struct tree *tree, struct line *line)
{
    const struct {
        const char *name;
        struct line *into;
    } lists[] = {{"split_feature", &tree->features},  {"threshold", &tree->thresholds},
                 {"decision_type", &tree->decisions}, {"left_child", &tree->left},
                 {"right_child", &tree->right},       {"leaf_value", &tree->values}};
    int64_t value = 0;

    if (is(line, "num_leaves")) {
        int err = whole(reader, line, 1, LEAVES_MAX, &value);

        tree->leaves = (uint32_t)value;
        return err;
    }
    if (is(line, "is_linear")) {
        int err = whole(reader, line, 0, 1, &value);

        return !err && value ? error_set(reader->error, -EINVAL,
                                         "linear leaves (linear_tree) aren't supported")
                             : err;
    }
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (is(line, lists[i].name))
            *lists[i].into = *line;
    }
    return 0;
}

/* The tree whose first line was read, up to the empty line behind it. */
static int read_tree(struct reader *reader)
{
    static const struct line none = {"(a list of the tree)", 20, "", 0};
    struct tree tree = {0, none, none, none, none, none, none};
    struct line line;
    int err = 0;

    while (!err && next_line(reader, &line) && line.name_size + line.value_size > 0)
        err = read_tree_line(reader, &tree, &line);
    if (!err && tree.leaves == 0)
        err = error_set(reader->error, -EINVAL, "tree %u has no leaves",
                        reader->grow.ensemble->tree_count);
    return err ? err : make_tree(reader, &tree);
}

static int read_trees(struct reader *reader)
{
    static const double base[CLASSES_MAX];
    struct line line;
    bool ended = false;
    int err = 0;

    while (!err && !ended && next_line(reader, &line)) {
        ended = is(&line, "end of trees");
        if (is(&line, "Tree"))
            err = read_tree(reader);
    }
    if (!err && !ended)
        err = error_set(reader->error, -EINVAL, "it ends before 'end of trees'");
    if (!err && reader->grow.ensemble->tree_count % reader->per_round != 0)
        err = error_set(reader->error, -EINVAL, "%u trees, %u a round",
                        reader->grow.ensemble->tree_count, reader->per_round);
    return err ? err : dt_grow_end(&reader->grow, base);
}

int dt_lightgbm_read(struct dt_ensemble **out, const void *bytes, size_t size, char maker[64],
                     struct error *error)
{
    struct reader reader = {
        .at = bytes,
        .end = (const char *)bytes + size,
        .class_count = 1,
        .per_round = 1,
        .error = error,
    };
    int err = read_header(&reader);

    if (!err)
        err = dt_grow_begin(&reader.grow, reader.columns.feature_set,
                            reader.class_count > 1 ? reader.class_count : 2, error);
    if (err)
        return err;
    err = read_trees(&reader);
    if (err) {
        dt_ensemble_free(reader.grow.ensemble);
        return err;
    }
    snprintf(maker, 64, "LightGBM, format %s", reader.version);
    for (char *at = maker; *at; at++)
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    *out = reader.grow.ensemble;
    return 0;
}
