// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nn.h"
#include "nn_layout.h"

/* What is left of the payload. */
struct cursor {
    const uint8_t *at;
    size_t left;
};

static bool take(struct cursor *cursor, void *out, size_t size)
{
    if (size > cursor->left)
        return false;
    memcpy(out, cursor->at, size);
    cursor->at += size;
    cursor->left -= size;
    return true;
}

static int load_header(struct nn_model *model, struct cursor *cursor, struct error *error)
{
    struct nn_payload_header header;

    if (!take(cursor, &header, sizeof(header)))
        return error_set(error, -EINVAL, "the payload of %zu bytes ends within its header",
                         cursor->left);
    if (header.layer_count < 1 || header.layer_count > NN_LAYERS_MAX)
        return error_set(error, -EINVAL, "%u layers, allowed are 1 to %d", header.layer_count,
                         NN_LAYERS_MAX);
    if (header.codes != NN_CODES)
        return error_set(error, -EINVAL, "code tables of %u entries, must be %d", header.codes,
                         NN_CODES);
    if (header.reserved[0] != 0 || header.reserved[1] != 0)
        return error_set(error, -EINVAL, "reserved payload bytes are not zero");
    model->layer_count = header.layer_count;
    return 0;
}

static int load_code(struct nn_model *model, struct cursor *cursor, struct error *error)
{
    for (uint32_t f = 0; f < nn_inputs(model); f++) {
        const uint8_t *code = model->code[f];

        if (!take(cursor, model->code[f], NN_CODES))
            return error_set(error, -EINVAL, "the payload ends within code table %u", f);
        for (uint32_t i = 0; i < NN_CODES; i++) {
            if (code[i] > NN_ACTIVATION_MAX)
                return error_set(error, -EINVAL, "code table %u, entry %u is %u, above %d", f, i,
                                 code[i], NN_ACTIVATION_MAX);
            if (i > 0 && code[i] < code[i - 1])
                return error_set(error, -EINVAL, "code table %u, entry %u is below the one before",
                                 f, i);
        }
    }
    return 0;
}

static int check_shape(const struct nn_model *model, uint32_t l,
                       const struct nn_layer_header *header, struct error *error)
{
    uint32_t inputs = l == 0 ? nn_inputs(model) : model->layers[l - 1].outputs;

    if (header->outputs < 1 || header->outputs > NN_WIDTH_MAX)
        return error_set(error, -EINVAL, "layer %u has %u outputs, allowed are 1 to %d", l,
                         header->outputs, NN_WIDTH_MAX);
    if (header->inputs != inputs)
        return error_set(error, -EINVAL, "layer %u has %u inputs, %s gives it %u", l,
                         header->inputs, l == 0 ? "the feature set" : "the layer before", inputs);
    if (l == model->layer_count - 1 && header->outputs != model->class_count)
        return error_set(error, -EINVAL, "the last layer has %u outputs for %u classes",
                         header->outputs, model->class_count);
    return 0;
}

/* Proves that no order of accumulation can overflow this neuron. */
static int check_neuron(const struct nn_layer *layer, uint32_t l, uint32_t o, bool last,
                        struct error *error)
{
    int64_t bound = llabs((long long)layer->bias[o]);

    for (uint32_t i = 0; i < layer->inputs; i++) {
        if (layer->weight[o][i] < -127)
            return error_set(error, -EINVAL, "layer %u, output %u: weight %u is -128", l, o, i);
        bound += abs(layer->weight[o][i]) * NN_ACTIVATION_MAX;
    }
    if (bound > INT32_MAX)
        return error_set(error, -EINVAL,
                         "layer %u, output %u can overflow: its sum may reach %lld, must stay "
                         "below 2^31",
                         l, o, (long long)bound);
    if (layer->shift[o] > 31)
        return error_set(error, -EINVAL, "layer %u, output %u: shift %u is above 31", l, o,
                         layer->shift[o]);
    if (last && layer->shift[o] != 0)
        return error_set(error, -EINVAL, "layer %u, output %u: the last layer has no shift", l, o);
    return 0;
}

static int load_layer(struct nn_model *model, uint32_t l, struct cursor *cursor,
                      struct error *error)
{
    struct nn_layer *layer = &model->layers[l];
    struct nn_layer_header header;

    if (!take(cursor, &header, sizeof(header)))
        goto truncated;
    int err = check_shape(model, l, &header, error);
    if (err)
        return err;
    layer->inputs = header.inputs;
    layer->outputs = header.outputs;
    if (!take(cursor, layer->bias, header.outputs * sizeof(layer->bias[0])) ||
        !take(cursor, layer->shift, header.outputs))
        goto truncated;
    for (uint32_t o = 0; o < header.outputs; o++) {
        if (!take(cursor, layer->weight[o], header.inputs))
            goto truncated;
        err = check_neuron(layer, l, o, l == model->layer_count - 1, error);
        if (err)
            return err;
    }
    return 0;
truncated:
    return error_set(error, -EINVAL, "the payload ends within layer %u", l);
}

int nn_model_load(struct nn_model **out, const struct q8 *file, struct error *error)
{
    struct cursor cursor = {file->payload, file->payload_size};

    if (file->kind != Q8_NN)
        return error_set(error, -EINVAL, "not a neural network");
    struct nn_model *model = calloc(1, sizeof(*model));
    if (!model)
        return error_set(error, -ENOMEM, "no memory for a neural network");
    model->feature_set = file->feature_set;
    model->class_count = file->class_count;
    model->confidence = file->confidence;
    int err = load_header(model, &cursor, error);
    if (!err)
        err = load_code(model, &cursor, error);
    for (uint32_t l = 0; !err && l < model->layer_count; l++)
        err = load_layer(model, l, &cursor, error);
    if (!err && cursor.left > 0)
        err = error_set(error, -EINVAL, "%zu bytes follow the last layer", cursor.left);
    if (err) {
        free(model);
        return err;
    }
    *out = model;
    return 0;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

int nn_model_encode(const struct nn_model *model, uint8_t **out, size_t *size)
{
    struct nn_payload_header header = {.layer_count = model->layer_count, .codes = NN_CODES};
    size_t code_size = nn_inputs(model) * sizeof(model->code[0]);
    size_t total = sizeof(header) + code_size;

    for (uint32_t l = 0; l < model->layer_count; l++) {
        const struct nn_layer *layer = &model->layers[l];

        total += sizeof(struct nn_layer_header) +
                 layer->outputs * (sizeof(int32_t) + sizeof(uint8_t) + layer->inputs);
    }
    uint8_t *bytes = malloc(total);
    if (!bytes)
        return -ENOMEM;
    uint8_t *at = put(bytes, &header, sizeof(header));

    at = put(at, model->code, code_size);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const struct nn_layer *layer = &model->layers[l];
        struct nn_layer_header shape = {layer->inputs, layer->outputs};

        at = put(at, &shape, sizeof(shape));
        at = put(at, layer->bias, layer->outputs * sizeof(layer->bias[0]));
        at = put(at, layer->shift, layer->outputs);
        for (uint32_t o = 0; o < layer->outputs; o++)
            at = put(at, layer->weight[o], layer->inputs);
    }
    *out = bytes;
    *size = total;
    return 0;
}
