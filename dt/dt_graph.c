// SPDX-License-Identifier: BSD-2-Clause
#include "dt_graph.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_tail.h"

static bool is_trees(const struct onnx_node *node)
{
    return strcmp(node->domain, "ai.onnx.ml") == 0 &&
           (strcmp(node->op, "TreeEnsembleClassifier") == 0 ||
            strcmp(node->op, "TreeEnsemble") == 0);
}

bool dt_graph_has_trees(const struct onnx *onnx)
{
    return onnx_has_operator(onnx, "ai.onnx.ml", "TreeEnsembleClassifier") ||
           onnx_has_operator(onnx, "ai.onnx.ml", "TreeEnsemble") ||
           onnx_has_operator(onnx, "ai.onnx.ml", "TreeEnsembleRegressor");
}

static int check_input(const struct onnx *onnx, uint32_t features, struct error *error)
{
    const struct onnx_value *input = onnx->inputs;

    if (onnx->input_count != 1)
        return error_set(error, -EINVAL, "%zu inputs, a tree ensemble has one", onnx->input_count);
    if (input->type == ONNX_UNKNOWN || input->type == ONNX_UINT8)
        return error_set(error, -EINVAL, "input '%s' isn't float, double, int64 or int32",
                         input->name);
    if (input->rank >= 0 &&
        (input->rank != 2 || (input->dims[1] >= 0 && input->dims[1] != features)))
        return error_set(error, -EINVAL, "input '%s' must have the shape [N, %u]", input->name,
                         features);
    return 0;
}

static int check_scaling(const struct onnx_steps *scaling, const struct onnx_node *trees,
                         uint32_t features, struct error *error)
{
    if (!onnx_steps_exact(scaling))
        return onnx_node_refuse(trees, error,
                                "what scales its features isn't computed alike everywhere; train "
                                "it on the raw integers: trees need no scaling");
    for (uint32_t f = 0; f < features; f++) {
        for (int end = 0; end < 2; end++) {
            if (isnan(onnx_steps_apply(scaling, f, end ? UINT32_MAX : 0)))
                return onnx_node_refuse(trees, error, "the scaling of feature %u has no result", f);
        }
    }
    return 0;
}

int dt_graph_find(const struct onnx_node **trees, struct onnx_steps *scaling,
                  const struct onnx *onnx, uint32_t features, struct error *error)
{
    int err = check_input(onnx, features, error);

    if (err)
        return err;
    const char *value = onnx->inputs[0].name;
    *scaling = (struct onnx_steps){.single = onnx->inputs[0].type != ONNX_DOUBLE};
    if (scaling->single)
        scaling->step[scaling->count++] =
            (struct onnx_step){.kind = ONNX_STEP_ROUND, .single = true};
    for (;;) {
        size_t count;
        const struct onnx_node *node = onnx_consumer(onnx, value, &count);

        if (!node)
            return error_set(error, -EINVAL, "value '%s' goes to %zu nodes, not to a tree ensemble",
                             value, count);
        if (is_trees(node)) {
            if (node->input_count != 1)
                return onnx_node_refuse(node, error, "it must read the graph's one input");
            *trees = node;
            return check_scaling(scaling, node, features, error);
        }
        int taken = onnx_steps_take(scaling, onnx, node, value, features, error);
        if (taken < 0)
            return taken;
        if (taken == 0 || node->output_count < 1)
            return onnx_node_refuse(node, error,
                                    "operator %s isn't supported before a tree ensemble", node->op);
        value = node->outputs[0];
    }
}

/* All nodes on the way from the input to the trees. */
static void mark_taken(const struct onnx *onnx, const struct onnx_node *trees, bool *taken)
{
    const char *value = onnx->inputs[0].name;
    size_t count;

    for (;;) {
        const struct onnx_node *node = onnx_consumer(onnx, value, &count);

        taken[node - onnx->nodes] = true;
        if (node == trees)
            return;
        value = node->outputs[0];
    }
}

int dt_graph_check_tail(const struct onnx *onnx, const struct onnx_node *trees, bool one_column,
                        bool probability, struct error *error)
{
    bool *taken = calloc(onnx->node_count + 1, sizeof(*taken));
    struct onnx_tail_value values[2];
    size_t count = 0;
    size_t scores = 0;

    if (!taken)
        return error_set(error, -ENOMEM, "no memory for %zu nodes", onnx->node_count);
    mark_taken(onnx, trees, taken);
    if (strcmp(trees->op, "TreeEnsembleClassifier") == 0) {
        scores = 1;
        values[count++] = (struct onnx_tail_value){trees->outputs[0], ONNX_TAIL_CLASS};
    }
    if (trees->output_count > scores)
        values[count++] =
            (struct onnx_tail_value){trees->outputs[scores], !one_column   ? ONNX_TAIL_SCORES
                                                             : probability ? ONNX_TAIL_PROBABILITY
                                                                           : ONNX_TAIL_MARGIN};
    int err = trees->output_count > 0 ? onnx_tail_check(onnx, taken, values, count, error)
                                      : onnx_node_refuse(trees, error, "it has no output");
    free(taken);
    return err;
}
