// SPDX-License-Identifier: BSD-2-Clause
/* The reader of ONNX files, with every question that an importer asks of it. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "onnx.h"

static void check_tensor(const struct onnx *onnx, const char *name)
{
    struct onnx_tensor *tensor = NULL;
    struct error error = {""};
    int err = onnx_tensor_read(&tensor, onnx, name, &error);

    if (err) {
        MUST(err < 0 && tensor == NULL);
        return;
    }
    size_t count = 1;
    for (uint32_t i = 0; i < tensor->rank; i++)
        count *= tensor->dims[i];
    MUST(tensor->rank <= ONNX_RANK_MAX && tensor->count == count);
    MUST((tensor->reals != NULL) != (tensor->integers != NULL) || count == 0);
    for (size_t i = 0; tensor->reals && i < count; i++)
        MUST(isfinite(tensor->reals[i]));
    onnx_tensor_free(tensor);
}

static void check_node(const struct onnx *onnx, const struct onnx_node *node)
{
    static const char *const names[] = {"alpha", "transB", "nodes_values", "classlabels_strings"};
    struct error error = {""};
    size_t count;

    for (size_t i = 0; i < node->input_count; i++) {
        if (onnx_is_initialiser(onnx, node->inputs[i]))
            check_tensor(onnx, node->inputs[i]);
        if (i > 0)
            continue; /* asked for all, a file of nothing but inputs takes its size squared */
        (void)onnx_consumer(onnx, node->inputs[i], &count);
        MUST(count >= 1);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct onnx_text *texts = NULL;
        const int64_t *integers = NULL;
        const float *reals = NULL;
        struct onnx_tensor *tensor = NULL;
        struct onnx_text text = {0};
        int64_t integer = 7;
        float real = 7;

        (void)onnx_attribute_int(node, names[i], &integer, &error);
        (void)onnx_attribute_float(node, names[i], &real, &error);
        (void)onnx_attribute_text(node, names[i], &text, &error);
        if (!onnx_attribute_ints(node, names[i], &integers, &count, &error))
            MUST(count == 0 || integers != NULL);
        if (!onnx_attribute_floats(node, names[i], &reals, &count, &error))
            MUST(count == 0 || reals != NULL);
        if (!onnx_attribute_texts(node, names[i], &texts, &count, &error)) {
            for (size_t k = 0; k < count; k++)
                (void)onnx_text_is(&texts[k], "benign");
        }
        if (!onnx_attribute_tensor(node, names[i], &tensor, &error))
            onnx_tensor_free(tensor);
    }
    MUST(onnx_node_refuse(node, &error, "%s", "no") == -EINVAL);
    MUST(!strchr(error.text, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct onnx *onnx = NULL;
    struct error error = {""};
    int err = onnx_decode(&onnx, data, size, &error);

    if (err) {
        MUST(err < 0 && onnx == NULL);
        MUST(error.text[0] != '\0' && !strchr(error.text, '\n'));
        return 0;
    }
    (void)onnx_metadata(onnx, "afxdp.code");
    for (size_t i = 0; i < onnx->node_count; i++)
        check_node(onnx, &onnx->nodes[i]);
    onnx_free(onnx);
    return 0;
}
