// SPDX-License-Identifier: BSD-2-Clause
#include "dt_ensemble_weights.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Bounded, so that no sum of all trees leaves what a double holds. */
#define WEIGHT_MAX 1e300

static int check_post_transform(const struct dt_weights *weights)
{
    /* These keep the order of the classes, so that the verdict is that of the sums. */
    static const char *const kept[] = {"NONE", "SOFTMAX", "LOGISTIC"};
    static const char *const refused[] = {"SOFTMAX_ZERO", "PROBIT"};
    const struct onnx_text *text = &weights->attributes->post_transform;
    const char *name = "(unknown)";

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (onnx_text_is(text, kept[i]))
            return 0;
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (onnx_text_is(text, refused[i]))
            name = refused[i];
    }
    return onnx_node_refuse(weights->node, weights->error, "post_transform %s isn't supported",
                            name);
}

static int check_counts(const struct dt_weights *weights)
{
    const struct dt_attributes *a = weights->attributes;
    uint32_t class_count = weights->ensemble->class_count;
    size_t base_count = weights->one_sided ? 1 : class_count;

    if (a->label_count > 0 && a->label_count != class_count)
        return onnx_node_refuse(weights->node, weights->error,
                                "it has %zu class labels, but there are %u class names",
                                a->label_count, class_count);
    if (a->base_values.count > 0 && a->base_values.count != base_count)
        return onnx_node_refuse(weights->node, weights->error,
                                "it has %zu base values, expected %zu", a->base_values.count,
                                base_count);
    if (a->weight_count == 0)
        return onnx_node_refuse(weights->node, weights->error, "its leaves have no weights");
    return 0;
}

int dt_weights_begin(struct dt_weights *weights, struct dt_ensemble *ensemble,
                     const struct onnx_node *node, const struct dt_attributes *attributes,
                     struct error *error)
{
    size_t cells = (size_t)ensemble->row_count * ensemble->class_count;

    *weights = (struct dt_weights){ensemble, node, attributes, error, ensemble->class_count == 2};
    for (size_t i = 1; i < attributes->weight_count; i++)
        weights->one_sided &= attributes->weight_classes[i] == attributes->weight_classes[0];
    int err = check_post_transform(weights);
    if (!err)
        err = check_counts(weights);
    if (err)
        return err;
    if (cells > DT_CELLS_MAX)
        return onnx_node_refuse(node, error, "%u leaves of %u classes, allowed are %d scores",
                                ensemble->row_count, ensemble->class_count, DT_CELLS_MAX);
    ensemble->weights = calloc(cells, sizeof(*ensemble->weights));
    return ensemble->weights ? 0 : error_set(error, -ENOMEM, "no memory for %zu weights", cells);
}

int dt_weights_add(struct dt_weights *weights, size_t number, uint32_t row)
{
    struct dt_ensemble *ensemble = weights->ensemble;
    int64_t class_index = weights->attributes->weight_classes[number];

    if (class_index < 0 || class_index >= ensemble->class_count)
        return onnx_node_refuse(weights->node, weights->error,
                                "weight %zu belongs to class %lld of %u", number,
                                (long long)class_index, ensemble->class_count);
    if (weights->one_sided)
        class_index = 1;
    ensemble->weights[(size_t)row * ensemble->class_count + (size_t)class_index] +=
        weights->attributes->weights.values[number];
    return 0;
}

static bool is_probability(const struct dt_weights *weights)
{
    const struct dt_attributes *a = weights->attributes;

    if (!onnx_text_is(&a->post_transform, "NONE"))
        return false;
    for (size_t i = 0; i < a->weight_count; i++) {
        if (a->weights.values[i] < 0)
            return false;
    }
    return true;
}

static int check_sums(const struct dt_weights *weights)
{
    const struct dt_ensemble *ensemble = weights->ensemble;

    for (size_t i = 0; i < (size_t)ensemble->row_count * ensemble->class_count; i++) {
        if (!(fabs(ensemble->weights[i]) <= WEIGHT_MAX)) /* nor NaN, which infinities add up to */
            return onnx_node_refuse(weights->node, weights->error,
                                    "weights of a leaf add up to %g, at most %g is supported",
                                    ensemble->weights[i], WEIGHT_MAX);
    }
    return 0;
}

int dt_weights_end(struct dt_weights *weights)
{
    const struct dt_attributes *a = weights->attributes;
    struct dt_ensemble *ensemble = weights->ensemble;
    double base[CLASSES_MAX] = {0};

    for (size_t i = 0; i < a->base_values.count; i++)
        base[weights->one_sided ? 1 : i] = a->base_values.values[i];
    if (weights->one_sided && is_probability(weights))
        base[0] = 0.5;
    for (uint32_t i = 0; i < ensemble->node_count; i++) {
        const struct dt_ensemble_node *node = &ensemble->nodes[i];

        if (node->mode != DT_MODE_LEAF || node->tree != 0)
            continue;
        for (uint32_t k = 0; k < ensemble->class_count; k++)
            ensemble->weights[(size_t)node->row * ensemble->class_count + k] += base[k];
    }
    return check_sums(weights);
}
