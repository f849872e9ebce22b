// SPDX-License-Identifier: BSD-2-Clause
#include "nn_onnx.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_layer(struct buffer *graph, const struct nn_float_layer *layer, uint32_t l,
                      bool last)
{
    float weight[NN_WIDTH_MAX * NN_WIDTH_MAX], bias[NN_WIDTH_MAX];
    char name[16], inputs[64], output[16];

    for (uint32_t o = 0; o < layer->outputs; o++) {
        bias[o] = (float)layer->bias[o];
        for (uint32_t i = 0; i < layer->inputs; i++)
            weight[o * layer->inputs + i] = (float)layer->weight[o][i];
    }
    snprintf(name, sizeof(name), "w%u", l);
    graph_tensor(graph, name, layer->outputs, layer->inputs, weight);
    snprintf(name, sizeof(name), "b%u", l);
    graph_tensor(graph, name, layer->outputs, 0, bias);

    snprintf(name, sizeof(name), "fc%u", l);
    if (l == 0)
        snprintf(inputs, sizeof(inputs), "input w0 b0");
    else
        snprintf(inputs, sizeof(inputs), "h%u w%u b%u", l - 1, l, l);
    snprintf(output, sizeof(output), "sum%u", l);
    struct buffer gemm = node_begin(name, "Gemm", inputs, last ? "logits" : output);
    node_int(&gemm, "transB", 1);
    put_message(graph, GRAPH_NODE, &gemm);
    if (last)
        return;
    snprintf(name, sizeof(name), "act%u", l);
    snprintf(inputs, sizeof(inputs), "h%u", l);
    struct buffer relu = node_begin(name, "Relu", output, inputs);
    put_message(graph, GRAPH_NODE, &relu);
}

struct buffer nn_onnx_graph(const struct nn_float *network)
{
    struct buffer graph = {0};
    uint32_t last = network->layer_count - 1;

    for (uint32_t l = 0; l <= last; l++)
        add_layer(&graph, &network->layers[l], l, l == last);
    graph_value(&graph, GRAPH_INPUT, "input", network->layers[0].inputs);
    graph_value(&graph, GRAPH_OUTPUT, "logits", network->layers[last].outputs);
    return graph;
}

struct buffer nn_onnx_file(struct buffer *graph, const char *code, const char *shifts)
{
    struct buffer model = {0};

    put_int(&model, MODEL_IR_VERSION, 7);
    put_text(&model, MODEL_PRODUCER, "test");
    if (code)
        model_metadata(&model, "afxdp.code", code);
    if (shifts)
        model_metadata(&model, "afxdp.shifts", shifts);
    put_message(&model, MODEL_GRAPH, graph);
    return model;
}

struct buffer nn_onnx_exact(const struct nn_model *model, const char *code)
{
    static struct nn_float network;
    struct buffer text = {0};
    char number[16];

    network.layer_count = model->layer_count;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const struct nn_layer *from = &model->layers[l];
        struct nn_float_layer *to = &network.layers[l];
        bool last = l == model->layer_count - 1;

        to->inputs = from->inputs;
        to->outputs = from->outputs;
        if (!last)
            buffer_append(&text, l == 0 ? "[" : ",[", l == 0 ? 1 : 2);
        for (uint32_t o = 0; o < from->outputs; o++) {
            int shift = from->shift[o];
            int half = shift > 0 ? 1 << (shift - 1) : 0;

            to->bias[o] = ldexp((double)from->bias[o] - half, -shift);
            for (uint32_t i = 0; i < from->inputs; i++)
                to->weight[o][i] = ldexp(from->weight[o][i] * (l == 0 ? 127.0 : 1.0), -shift);
            snprintf(number, sizeof(number), o == 0 ? "%d" : ", %d", shift);
            if (!last)
                buffer_append(&text, number, strlen(number));
        }
        if (!last)
            buffer_append(&text, "]", 1);
    }
    char shifts[4096];
    snprintf(shifts, sizeof(shifts), "[%.*s]", (int)text.size, (const char *)text.bytes);
    buffer_free(&text);
    struct buffer graph = nn_onnx_graph(&network);
    return nn_onnx_file(&graph, code, shifts);
}
