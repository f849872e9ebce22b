// SPDX-License-Identifier: BSD-2-Clause
#include "nn_tune.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nn_probe.h"
#include "nn_reference.h"

enum {
    PASSES = 2,
    WEIGHT_MAX = 127,
    BIAS_STEP_MAX = 1 << 20,
    BIAS = -1, /* the place of an output's bias among its weights */
};

#define LEAST_GAIN 1e-9

struct tuning {
    struct nn_model *model;
    const struct nn_rows *rows;
    double scale;                     /* what a step of the integer logits stands for */
    uint8_t (*inputs)[NN_WIDTH_MAX];  /* of the last layer but one, for each row */
    int32_t (*sums)[NN_WIDTH_MAX];    /* its sums */
    uint8_t (*outputs)[NN_WIDTH_MAX]; /* and what becomes of them: the last layer's inputs */
    int32_t (*logits)[CLASSES_MAX];
    struct nn_aim *aims;
    double *loss;
    /* Of the step that is tried: */
    size_t *changed; /* rows */
    size_t changes;
    double *new_loss; /* of each change */
};

static double loss_of(const struct tuning *t, size_t row, const int32_t *logits)
{
    double values[CLASSES_MAX];

    for (uint32_t c = 0; c < t->model->class_count; c++)
        values[c] = logits[c];
    return nn_aim_loss(&t->aims[row], values, t->model->class_count);
}

/* All layers on all rows. */
static void run(struct tuning *t)
{
    uint32_t last = t->model->layer_count - 1;

    for (size_t row = 0; row < t->rows->count; row++) {
        uint8_t values[NN_WIDTH_MAX] = {0};

        memcpy(values, t->rows->codes[row], NN_INPUTS_MAX);
        for (uint32_t l = 0; l < last; l++) {
            const struct nn_layer *layer = &t->model->layers[l];

            memcpy(t->inputs[row], values, sizeof(values));
            memset(values, 0, sizeof(values));
            for (uint32_t o = 0; o < layer->outputs; o++) {
                t->sums[row][o] = nn_neuron(layer, o, t->inputs[row]);
                values[o] = nn_requantise(t->sums[row][o], layer->shift[o]);
            }
        }
        memcpy(t->outputs[row], values, sizeof(values));
        for (uint32_t c = 0; c < t->model->class_count; c++)
            t->logits[row][c] = nn_neuron(&t->model->layers[last], c, values);
    }
}

/* The factor with which the leads of the original's classes follow from the integers' best. */
static double find_scale(const struct tuning *t)
{
    uint32_t classes = t->model->class_count;
    double product = 0;
    double square = 0;

    for (size_t row = 0; row < t->rows->count; row++) {
        const double *wanted = t->rows->wanted[row];

        for (uint32_t c = 1; c < classes; c++) {
            double lead = t->logits[row][c] - t->logits[row][0];

            product += lead * (wanted[c] - wanted[0]);
            square += lead * lead;
        }
    }
    return square > 0 && product > 0 ? product / square : 0;
}

static void note_change(struct tuning *t, size_t row, const int32_t *logits)
{
    t->changed[t->changes] = row;
    t->new_loss[t->changes++] = loss_of(t, row, logits);
}

/* What a step at a place of an output adds to its sum. */
static int32_t change_of(const uint8_t *inputs, int place, int32_t step)
{
    return place == BIAS ? step : step * inputs[place];
}

/* A step in the last layer. */
static void try_last(struct tuning *t, uint32_t output, int place, int32_t step)
{
    for (size_t row = 0; row < t->rows->count; row++) {
        int32_t change = change_of(t->outputs[row], place, step);
        int32_t logits[CLASSES_MAX];

        if (change == 0)
            continue;
        memcpy(logits, t->logits[row], sizeof(logits));
        logits[output] += change;
        note_change(t, row, logits);
    }
}

/* What the last layer makes of another value of one of its inputs. */
static void move_logits(const struct tuning *t, size_t row, uint32_t input, uint8_t value,
                        int32_t *logits)
{
    const struct nn_layer *last = &t->model->layers[t->model->layer_count - 1];
    int32_t difference = value - t->outputs[row][input];

    for (uint32_t c = 0; c < t->model->class_count; c++)
        logits[c] = t->logits[row][c] + difference * last->weight[c][input];
}

/* A step in the layer before it. */
static void try_hidden(struct tuning *t, uint32_t output, int place, int32_t step)
{
    uint32_t shift = t->model->layers[t->model->layer_count - 2].shift[output];

    for (size_t row = 0; row < t->rows->count; row++) {
        int32_t sum = t->sums[row][output] + change_of(t->inputs[row], place, step);
        uint8_t value = nn_requantise(sum, shift);
        int32_t logits[CLASSES_MAX];

        if (value == t->outputs[row][output])
            continue;
        move_logits(t, row, output, value, logits);
        note_change(t, row, logits);
    }
}

static void commit(struct tuning *t, bool is_last, uint32_t output, int place, int32_t step)
{
    struct nn_layer *layer = &t->model->layers[t->model->layer_count - (is_last ? 1 : 2)];

    if (place == BIAS)
        layer->bias[output] += step;
    else
        layer->weight[output][place] = (int8_t)(layer->weight[output][place] + step);
    for (size_t row = 0; row < t->rows->count; row++) {
        if (is_last) {
            t->logits[row][output] += change_of(t->outputs[row], place, step);
            continue;
        }
        t->sums[row][output] += change_of(t->inputs[row], place, step);
        uint8_t value = nn_requantise(t->sums[row][output], layer->shift[output]);
        move_logits(t, row, output, value, t->logits[row]);
        t->outputs[row][output] = value;
    }
    for (size_t i = 0; i < t->changes; i++)
        t->loss[t->changed[i]] = t->new_loss[i];
}

/* Whether the step brings the network closer, and then it is done. */
static bool take_step(struct tuning *t, bool is_last, uint32_t output, int place, int32_t step)
{
    double gain = 0;

    t->changes = 0;
    if (is_last)
        try_last(t, output, place, step);
    else
        try_hidden(t, output, place, step);
    for (size_t i = 0; i < t->changes; i++)
        gain += t->loss[t->changed[i]] - t->new_loss[i];
    if (gain < LEAST_GAIN)
        return false;
    commit(t, is_last, output, place, step);
    return true;
}

/* A bias goes by half of what an activation, or a 50th of a lead of 1, stands for. */
static int32_t bias_step(const struct tuning *t, const struct nn_layer *layer, bool is_last,
                         uint32_t output)
{
    double step = is_last ? 0.02 / t->scale : ldexp(0.5, layer->shift[output]);

    return (int32_t)fmin(fmax(step, 1), BIAS_STEP_MAX);
}

static void tune_layer(struct tuning *t, bool is_last)
{
    const struct nn_layer *layer = &t->model->layers[t->model->layer_count - (is_last ? 1 : 2)];

    for (uint32_t o = 0; o < layer->outputs; o++) {
        int32_t bias = bias_step(t, layer, is_last, o);

        for (int i = 0; i < (int)layer->inputs; i++) {
            if (layer->weight[o][i] == WEIGHT_MAX || !take_step(t, is_last, o, i, 1)) {
                if (layer->weight[o][i] > -WEIGHT_MAX)
                    (void)take_step(t, is_last, o, i, -1);
            }
        }
        if (!take_step(t, is_last, o, BIAS, bias))
            (void)take_step(t, is_last, o, BIAS, -bias);
    }
}

static void tuning_free(struct tuning *t)
{
    free(t->inputs);
    free(t->sums);
    free(t->outputs);
    free(t->logits);
    free(t->aims);
    free(t->loss);
    free(t->changed);
    free(t->new_loss);
}

static bool tuning_allocate(struct tuning *t)
{
    size_t count = t->rows->count;

    t->inputs = calloc(count, sizeof(*t->inputs));
    t->sums = calloc(count, sizeof(*t->sums));
    t->outputs = calloc(count, sizeof(*t->outputs));
    t->logits = calloc(count, sizeof(*t->logits));
    t->aims = calloc(count, sizeof(*t->aims));
    t->loss = calloc(count, sizeof(*t->loss));
    t->changed = calloc(count, sizeof(*t->changed));
    t->new_loss = calloc(count, sizeof(*t->new_loss));
    return t->inputs && t->sums && t->outputs && t->logits && t->aims && t->loss && t->changed &&
           t->new_loss;
}

static void tune(struct tuning *t)
{
    run(t);
    t->scale = find_scale(t);
    if (t->scale <= 0)
        return;
    for (size_t row = 0; row < t->rows->count; row++) {
        nn_aim_take(&t->aims[row], t->rows->wanted[row], t->model->class_count, t->scale);
        t->loss[row] = loss_of(t, row, t->logits[row]);
    }
    for (int pass = 0; pass < PASSES; pass++) {
        tune_layer(t, true);
        if (t->model->layer_count > 1)
            tune_layer(t, false);
    }
}

int nn_tune(struct nn_model *model, const struct nn_rows *rows)
{
    struct tuning t = {.model = model, .rows = rows};
    int status = tuning_allocate(&t) ? 0 : -ENOMEM;

    if (status == 0)
        tune(&t);
    tuning_free(&t);
    return status;
}
