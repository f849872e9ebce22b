// SPDX-License-Identifier: BSD-2-Clause
#include "onnx_tail.h"

#include <errno.h>
#include <string.h>

enum {
    VALUES_MAX = 64,
};

struct tail {
    const struct onnx *onnx;
    struct onnx_tail_value values[VALUES_MAX];
    const struct onnx_node *makers[VALUES_MAX]; /* NULL: the model itself */
    size_t count;
    struct error *error;
};

static size_t find(const struct tail *tail, const char *name)
{
    size_t at = 0;

    while (at < tail->count && strcmp(tail->values[at].name, name) != 0)
        at++;
    return at;
}

static bool is_number(const struct tail *tail, const char *name, double number)
{
    struct onnx_tensor *tensor = NULL;

    if (onnx_tensor_read(&tensor, tail->onnx, name, NULL))
        return false;
    bool is = tensor->count == 1 && tensor->reals && tensor->reals[0] == number;
    onnx_tensor_free(tensor);
    return is;
}

static int check_axis(const struct tail *tail, const struct onnx_node *node)
{
    int64_t axis = strcmp(node->op, "ArgMax") == 0 ? 0 : -1;
    int64_t last = 0;
    int err = onnx_attribute_int(node, "axis", &axis, tail->error);

    if (!err)
        err = onnx_attribute_int(node, "select_last_index", &last, tail->error);
    if (!err && axis != 1 && axis != -1)
        err = onnx_node_refuse(node, tail->error, "axis %lld isn't the classes'", (long long)axis);
    if (!err && last)
        err = onnx_node_refuse(node, tail->error, "the last of equal classes isn't supported");
    return err;
}

/* A node on one value of the tail: what it makes of it, or -1. */
static int kind_of(const struct tail *tail, const struct onnx_node *node, enum onnx_tail_kind from)
{
    static const struct {
        const char *op;
        enum onnx_tail_kind from, to;
    } rules[] = {
        {"Softmax", ONNX_TAIL_SCORES, ONNX_TAIL_SCORES},
        {"LogSoftmax", ONNX_TAIL_SCORES, ONNX_TAIL_SCORES},
        {"Sigmoid", ONNX_TAIL_SCORES, ONNX_TAIL_SCORES},
        {"Sigmoid", ONNX_TAIL_MARGIN, ONNX_TAIL_PROBABILITY},
        {"Normalizer", ONNX_TAIL_SCORES, ONNX_TAIL_SCORES},
        {"ArgMax", ONNX_TAIL_SCORES, ONNX_TAIL_CLASS},
        {"ZipMap", ONNX_TAIL_SCORES, ONNX_TAIL_MAP},
        {"Cast", ONNX_TAIL_CLASS, ONNX_TAIL_CLASS},
        {"Reshape", ONNX_TAIL_CLASS, ONNX_TAIL_CLASS},
        {"Squeeze", ONNX_TAIL_CLASS, ONNX_TAIL_CLASS},
        {"Unsqueeze", ONNX_TAIL_CLASS, ONNX_TAIL_CLASS},
        {"Flatten", ONNX_TAIL_CLASS, ONNX_TAIL_CLASS},
        {"LabelEncoder", ONNX_TAIL_CLASS, ONNX_TAIL_CLASS},
        {"Squeeze", ONNX_TAIL_MARGIN, ONNX_TAIL_MARGIN},
        {"Squeeze", ONNX_TAIL_PROBABILITY, ONNX_TAIL_PROBABILITY},
        {"Flatten", ONNX_TAIL_MARGIN, ONNX_TAIL_MARGIN},
        {"Flatten", ONNX_TAIL_PROBABILITY, ONNX_TAIL_PROBABILITY},
    };

    if (strcmp(node->op, "Identity") == 0)
        return (int)from;
    if (strcmp(node->op, "Cast") == 0 && from != ONNX_TAIL_CLASS) {
        enum { FLOAT = 1, DOUBLE = 11 }; /* any other would round the scores away */
        int64_t to = 0;

        return !onnx_attribute_int(node, "to", &to, NULL) && (to == FLOAT || to == DOUBLE)
                   ? (int)from
                   : -1;
    }
    if (strcmp(node->op, "Greater") == 0 && node->input_count == 2) {
        double threshold = from == ONNX_TAIL_PROBABILITY ? 0.5 : 0;
        bool fits = from == ONNX_TAIL_PROBABILITY || from == ONNX_TAIL_MARGIN;

        return fits && is_number(tail, node->inputs[1], threshold) ? ONNX_TAIL_CLASS : -1;
    }
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].from == from && strcmp(rules[i].op, node->op) == 0)
            return (int)rules[i].to;
    }
    return -1;
}

/* Nodes that read two values: 1 - p, [1 - p, p], names[class]. */
static int kind_of_pair(const struct tail *tail, const struct onnx_node *node, size_t a, size_t b)
{
    bool gathers =
        strcmp(node->op, "ArrayFeatureExtractor") == 0 || strcmp(node->op, "Gather") == 0;

    if (strcmp(node->op, "Sub") == 0 && b < tail->count &&
        tail->values[b].kind == ONNX_TAIL_PROBABILITY && is_number(tail, node->inputs[0], 1))
        return ONNX_TAIL_COMPLEMENT;
    if (strcmp(node->op, "Concat") == 0 && a < tail->count && b < tail->count &&
        tail->values[a].kind == ONNX_TAIL_COMPLEMENT &&
        tail->values[b].kind == ONNX_TAIL_PROBABILITY)
        return ONNX_TAIL_SCORES;
    if (gathers && b < tail->count && tail->values[b].kind == ONNX_TAIL_CLASS &&
        onnx_is_initialiser(tail->onnx, node->inputs[0]))
        return ONNX_TAIL_CLASS;
    return -1;
}

static int refuse(const struct tail *tail, const struct onnx_node *node, size_t at)
{
    const struct onnx_node *maker = at < tail->count ? tail->makers[at] : NULL;

    /* A layer behind what would be a tail: what stands between them is at fault. */
    if (maker && (strcmp(node->op, "Gemm") == 0 || strcmp(node->op, "MatMul") == 0))
        return onnx_node_refuse(maker, tail->error,
                                "operator %s isn't supported between layers, only Relu is",
                                maker->op);
    if (at < tail->count)
        return onnx_node_refuse(node, tail->error, "operator %s isn't supported behind the model",
                                node->op);
    return onnx_node_refuse(node, tail->error, "%s isn't part of the way from input to output",
                            node->op);
}

static int take(struct tail *tail, const struct onnx_node *node)
{
    size_t a = node->input_count > 0 ? find(tail, node->inputs[0]) : tail->count;
    size_t b = node->input_count > 1 ? find(tail, node->inputs[1]) : tail->count;
    int kind = -1;

    if (node->output_count == 1 && node->input_count == 2)
        kind = kind_of_pair(tail, node, a, b);
    if (kind < 0 && node->output_count == 1 && a < tail->count && b == tail->count)
        kind = kind_of(tail, node, tail->values[a].kind);
    if (kind < 0)
        return refuse(tail, node, a < tail->count ? a : b);
    if (tail->count == VALUES_MAX)
        return onnx_node_refuse(node, tail->error, "more than %d values behind the model",
                                VALUES_MAX);
    tail->makers[tail->count] = node;
    tail->values[tail->count++] =
        (struct onnx_tail_value){node->outputs[0], (enum onnx_tail_kind)kind};
    bool over_classes = kind == ONNX_TAIL_SCORES || strcmp(node->op, "ArgMax") == 0;
    return over_classes ? check_axis(tail, node) : 0;
}

int onnx_tail_check(const struct onnx *onnx, const bool *taken,
                    const struct onnx_tail_value *values, size_t count, struct error *error)
{
    struct tail tail = {.onnx = onnx, .count = count, .error = error};

    memcpy(tail.values, values, count * sizeof(*values));
    for (size_t i = 0; i < onnx->node_count; i++) {
        int err = taken[i] ? 0 : take(&tail, &onnx->nodes[i]);

        if (err)
            return err;
    }
    for (size_t i = 0; i < onnx->output_count; i++) {
        if (find(&tail, onnx->outputs[i].name) == tail.count)
            return error_set(error, -EINVAL, "output '%s' isn't scores, a label or a map of them",
                             onnx->outputs[i].name);
    }
    return onnx->output_count > 0 ? 0 : error_set(error, -EINVAL, "the graph has no output");
}
