// SPDX-License-Identifier: BSD-2-Clause
/* Which values of a graph are constant. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_private.h"

/* What onnx_fold.c computes on constants. */
static bool folds(const Onnx__NodeProto *node)
{
    static const char *const operators[] = {"Add", "Cast",       "Div",      "Identity", "Mul",
                                            "Neg", "Reciprocal", "Reshape",  "Sqrt",     "Squeeze",
                                            "Sub", "Transpose",  "Unsqueeze"};

    if (node->n_output != 1 || node->n_input < 1 || node->n_input > 2 ||
        (onnx_string(node->domain)[0] != '\0' && strcmp(node->domain, "ai.onnx") != 0))
        return false;
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(onnx_string(node->op_type), operators[i]) == 0)
            return true;
    }
    return false;
}

/* A Constant node with a tensor is an initialiser by another name. */
static const Onnx__TensorProto *constant_of(const Onnx__NodeProto *node)
{
    if (strcmp(onnx_string(node->op_type), "Constant") != 0 ||
        onnx_string(node->domain)[0] != '\0' || node->n_output != 1 || node->n_attribute != 1 ||
        strcmp(node->attribute[0]->name, "value") != 0)
        return NULL;
    return node->attribute[0]->t;
}

static int compare(const void *a, const void *b)
{
    const struct onnx_constant *x = a;
    const struct onnx_constant *y = b;

    return strcmp(x->name, y->name);
}

static struct onnx_constant *lookup(const struct onnx_private *private, const char *name)
{
    struct onnx_constant key = {.name = onnx_string(name)};

    return bsearch(&key, private->constants, private->constant_count, sizeof(key), compare);
}

const struct onnx_constant *onnx_constant_find(const struct onnx_private *private, const char *name)
{
    const struct onnx_constant *found = lookup(private, name);

    return found && found->known ? found : NULL;
}

bool onnx_node_is_constant(const struct onnx_private *private, const Onnx__NodeProto *node)
{
    const struct onnx_constant *found =
        node->n_output == 1 ? onnx_constant_find(private, node->output[0]) : NULL;

    return found && (found->node == node || (found->tensor && found->tensor == constant_of(node)));
}

/* Nodes stand behind those whose values they read, so one pass finds all. */
static void spread(struct onnx_private *private, const Onnx__GraphProto *graph)
{
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        struct onnx_constant *constant = folds(node) ? lookup(private, node->output[0]) : NULL;

        if (!constant || constant->node != node)
            continue;
        constant->known = true;
        for (size_t k = 0; k < node->n_input; k++)
            constant->known &= onnx_constant_find(private, node->input[k]) != NULL &&
                               strcmp(node->input[k], constant->name) != 0;
    }
}

int onnx_constants_collect(struct onnx_private *private, const Onnx__GraphProto *graph,
                           struct error *error)
{
    size_t most = graph->n_initializer + graph->n_node;
    struct onnx_constant *constants = calloc(most + 1, sizeof(*constants));
    size_t count = 0;

    if (!constants)
        return error_set(error, -ENOMEM, "no memory for %zu constants", most);
    for (size_t i = 0; i < graph->n_initializer; i++)
        constants[count++] =
            (struct onnx_constant){.name = onnx_string(graph->initializer[i]->name),
                                   .tensor = graph->initializer[i],
                                   .known = true};
    for (size_t i = 0; i < graph->n_node; i++) {
        const Onnx__NodeProto *node = graph->node[i];
        const Onnx__TensorProto *tensor = constant_of(node);

        if (tensor || folds(node))
            constants[count++] = (struct onnx_constant){.name = onnx_string(node->output[0]),
                                                        .tensor = tensor,
                                                        .node = tensor ? NULL : node,
                                                        .known = tensor != NULL};
    }
    qsort(constants, count, sizeof(*constants), compare);
    private->constants = constants;
    private->constant_count = count;
    spread(private, graph);
    return 0;
}
