// SPDX-License-Identifier: BSD-2-Clause
/* The names that a file itself has for its classes. Exporters write them at several nodes; where
 * two lists differ nobody knows which one counts. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "import_labels.h"
#include "onnx_private.h"

static int add_label(struct import_labels *labels, const char *text, size_t size,
                     const struct onnx_node *node, struct error *error)
{
    if (labels->count == CLASSES_MAX)
        return onnx_node_refuse(node, error, "it names more than %d classes", CLASSES_MAX);
    if (size >= sizeof(labels->text[0]))
        size = sizeof(labels->text[0]) - 1; /* too long for a class name, which is said later */
    char *label = labels->text[labels->count++];
    memset(label, 0, sizeof(labels->text[0]));
    memcpy(label, text, size);
    return 0;
}

static int add_number(struct import_labels *labels, int64_t number, const struct onnx_node *node,
                      struct error *error)
{
    char text[24];
    int size = snprintf(text, sizeof(text), "%" PRId64, number);

    return add_label(labels, text, (size_t)size, node, error);
}

/* Takes one list of a node; `found` was empty. */
static int merge(struct import_labels *labels, const struct import_labels *found,
                 const struct onnx_node *node, struct error *error)
{
    if (found->count == 0)
        return 0;
    if (labels->count == 0) {
        *labels = *found;
        return 0;
    }
    if (labels->count != found->count ||
        memcmp(labels->text, found->text, found->count * sizeof(found->text[0])) != 0)
        return onnx_node_refuse(node, error, "it names other classes than a node before");
    return 0;
}

static int read_attributes(struct import_labels *found, const struct onnx_node *node,
                           struct error *error)
{
    static const char *const numbers[] = {"classlabels_int64s", "classlabels_ints"};
    const struct onnx_text *texts;
    size_t count;
    int err = onnx_attribute_texts(node, "classlabels_strings", &texts, &count, error);

    for (size_t i = 0; !err && i < count; i++)
        err = add_label(found, texts[i].bytes, texts[i].size, node, error);
    for (size_t n = 0; !err && n < sizeof(numbers) / sizeof(numbers[0]); n++) {
        const int64_t *values;

        err = onnx_attribute_ints(node, numbers[n], &values, &count, error);
        if (!err && count > 0 && found->count > 0)
            err = onnx_node_refuse(node, error, "it has class labels of both kinds");
        for (size_t i = 0; !err && i < count; i++)
            err = add_number(found, values[i], node, error);
    }
    return err;
}

/* names[class]: an initialiser of texts or integers. */
static int read_gathered(struct import_labels *found, const struct onnx *onnx,
                         const struct onnx_node *node, struct error *error)
{
    const struct onnx_constant *constant =
        node->input_count == 2 ? onnx_constant_find(onnx->private, node->inputs[0]) : NULL;
    struct onnx_tensor *tensor = NULL;
    int err = 0;

    if (!constant)
        return 0;
    const Onnx__TensorProto *proto = constant->tensor;
    if (proto && proto->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__STRING) {
        for (size_t i = 0; !err && i < proto->n_string_data; i++)
            err = add_label(found, (const char *)proto->string_data[i].data,
                            proto->string_data[i].len, node, error);
        return err;
    }
    err = onnx_constant_read(&tensor, onnx, constant, error);
    for (size_t i = 0; !err && tensor->integers && i < tensor->count; i++)
        err = add_number(found, tensor->integers[i], node, error);
    onnx_tensor_free(tensor);
    return err;
}

int import_labels_read(struct import_labels *labels, const struct onnx *onnx, struct error *error)
{
    labels->count = 0;
    for (size_t i = 0; i < onnx->node_count; i++) {
        const struct onnx_node *node = &onnx->nodes[i];
        struct import_labels found = {.count = 0};
        int err = 0;

        if (strcmp(node->op, "ArrayFeatureExtractor") == 0 || strcmp(node->op, "Gather") == 0)
            err = read_gathered(&found, onnx, node, error);
        else if (strcmp(node->domain, "ai.onnx.ml") == 0 && strcmp(node->op, "LabelEncoder") != 0)
            err = read_attributes(&found, node, error);
        if (!err)
            err = merge(labels, &found, node, error);
        if (err)
            return err;
    }
    return 0;
}
