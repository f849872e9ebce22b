// SPDX-License-Identifier: BSD-2-Clause
#include "nn_raw.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn_layers.h"
#include "nn_reference.h"

enum {
    SAMPLES_MAX = 3072, /* rows that the search runs on */
    CUTS = 7,
    ENDS = 2,
};

/* Shares of the rows beyond which a feature saturates, at an end. */
static const double cuts[CUTS] = {0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05};

struct range {
    double low;
    double high;
};

struct search {
    const struct nn_float *network;
    double scaled[NN_INPUTS_MAX][NN_CODES]; /* what stands for an index of the code */
    double ends[NN_INPUTS_MAX][ENDS][CUTS];
    struct range ranges[NN_INPUTS_MAX];      /* as chosen so far */
    double decoded[NN_INPUTS_MAX][NN_CODES]; /* what the code of an index then stands for */
    uint32_t inputs;
    size_t samples;                     /* of the probe's rows, evenly picked */
    uint16_t (*indices)[NN_INPUTS_MAX]; /* of the samples */
    struct nn_aim *aims;
};

static double scaled_value(const struct nn_float *network, uint32_t feature, double value)
{
    return onnx_steps_apply(&network->scaling, feature, value);
}

void nn_raw_run(const struct nn_float *network, const uint32_t *features,
                double logits[NN_WIDTH_MAX])
{
    double inputs[NN_INPUTS_MAX];

    for (uint32_t i = 0; i < network->layers[0].inputs; i++)
        inputs[i] = scaled_value(network, i, features[i]);
    nn_float_run(network, inputs, logits);
}

/* The middle of the values that share an index. */
static double middle_of(uint32_t index)
{
    if (index < 32)
        return index;
    uint32_t step = (index >> 4) - 1;

    return ldexp((double)(16 + (index & 15)) + 0.5, (int)step) - 0.5;
}

/* An index stands for the mean of its rows' values, one without rows for its middle. */
static void find_values(struct search *search, const uint32_t *rows, size_t count, uint32_t feature)
{
    double sums[NN_CODES] = {0};
    size_t counts[NN_CODES] = {0};

    for (size_t i = 0; i < count; i++) {
        uint32_t value = rows[i * search->inputs + feature];
        uint32_t index = nn_code_index(value);

        sums[index] += value;
        counts[index]++;
    }
    for (uint32_t index = 0; index < NN_CODES; index++)
        search->scaled[feature][index] = scaled_value(
            search->network, feature,
            counts[index] > 0 ? sums[index] / (double)counts[index] : middle_of(index));
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void find_ends(struct search *search, double *sorted, size_t count, uint32_t feature)
{
    qsort(sorted, count, sizeof(*sorted), compare_doubles);
    for (int cut = 0; cut < CUTS; cut++) {
        size_t left_out = (size_t)(cuts[cut] * (double)count);

        search->ends[feature][0][cut] = sorted[left_out];
        search->ends[feature][1][cut] = sorted[count - 1 - left_out];
    }
}

static bool falls(const struct search *search, uint32_t feature)
{
    return search->scaled[feature][NN_CODES - 1] < search->scaled[feature][0];
}

/* Codes lie evenly in the feature's range: the table, and what stands for each of its entries. */
static void make_table(uint8_t table[NN_CODES], struct search *search, uint32_t feature)
{
    const double *scaled = search->scaled[feature];
    const struct range *range = &search->ranges[feature];
    bool down = falls(search, feature);
    double width = range->high - range->low;

    for (uint32_t i = 0; i < NN_CODES; i++) {
        double place = down ? range->high - scaled[i] : scaled[i] - range->low;
        double share = width > 0 ? place / width : 0;

        share = share < 0 ? 0 : share > 1 ? 1 : share;
        table[i] = (uint8_t)(share * NN_ACTIVATION_MAX + 0.5);
        if (i > 0 && table[i] < table[i - 1])
            table[i] = table[i - 1]; /* the values of an index may round either way */
        double stretch = width * table[i] / NN_ACTIVATION_MAX;
        search->decoded[feature][i] = down ? range->high - stretch : range->low + stretch;
    }
}

/* The first layer on codes / 127: a code stands for low + width × code / 127. */
static void fold_ranges(struct nn_float *coded, const struct search *search)
{
    struct onnx_steps ranges = {.count = 1, .step = {{.kind = ONNX_STEP_AFFINE}}};

    for (uint32_t f = 0; f < search->inputs; f++) {
        const struct range *range = &search->ranges[f];
        double width = range->high - range->low;

        ranges.step[0].a[f] = falls(search, f) ? -width : width;
        ranges.step[0].b[f] = falls(search, f) ? range->high : range->low;
    }
    (void)nn_layer_take_steps(&coded->layers[0], &ranges);
}

/* How far the network is from the original where it reads codes. */
static double loss_of(const struct search *search)
{
    const struct nn_float *network = search->network;
    uint32_t classes = network->layers[network->layer_count - 1].outputs;
    double loss = 0;

    for (size_t s = 0; s < search->samples; s++) {
        double inputs[NN_INPUTS_MAX];
        double logits[NN_WIDTH_MAX];

        for (uint32_t f = 0; f < search->inputs; f++)
            inputs[f] = search->decoded[f][search->indices[s][f]];
        nn_float_run(network, inputs, logits);
        loss += nn_aim_loss(&search->aims[s], logits, classes);
    }
    return loss;
}

/* The end that serves best, all else as it is. */
static double choose_end(struct search *search, struct nn_code_tables *tables, uint32_t f, int end,
                         double least)
{
    struct range *range = &search->ranges[f];
    double *at = end ? &range->high : &range->low;
    double kept = *at;

    for (int cut = 1; cut < CUTS; cut++) {
        *at = search->ends[f][end][cut];
        if (*at == search->ends[f][end][cut - 1] || !(range->high > range->low))
            continue;
        make_table(tables->code[f], search, f);
        double loss = loss_of(search);
        if (loss < least) {
            least = loss;
            kept = *at;
        }
    }
    *at = kept;
    make_table(tables->code[f], search, f);
    return least;
}

static void choose_ranges(struct search *search, struct nn_code_tables *tables)
{
    for (uint32_t f = 0; f < search->inputs; f++) {
        search->ranges[f] = (struct range){search->ends[f][0][0], search->ends[f][1][0]};
        make_table(tables->code[f], search, f);
    }
    double least = loss_of(search);
    for (uint32_t f = 0; f < search->inputs; f++) {
        for (int end = 0; end < ENDS; end++)
            least = choose_end(search, tables, f, end, least);
    }
}

int nn_raw_check(const struct nn_float *network, struct error *error)
{
    static const char *const names[FEATURES_MAX] = FEATURE_NAMES;

    for (uint32_t f = 0; f < network->layers[0].inputs; f++) {
        for (int end = 0; end < 2; end++) {
            double value = end ? UINT32_MAX : 0;

            if (!isfinite(scaled_value(network, f, value)))
                return error_set(error, -EINVAL,
                                 "the scaling of %s isn't finite at %.0f: keep it so for 0 to "
                                 "2^32 - 1, such as by adding 1 before a logarithm",
                                 names[f], value);
        }
    }
    return 0;
}

static void search_free(struct search *search)
{
    if (!search)
        return;
    free(search->indices);
    free(search->aims);
    free(search);
}

static struct search *search_new(const struct nn_float *network, const uint32_t *rows, size_t count,
                                 const struct nn_probe *probe)
{
    struct search *search = calloc(1, sizeof(*search));
    double *sorted = calloc(count, sizeof(*sorted));

    if (!search || !sorted)
        goto failed;
    search->network = network;
    search->inputs = network->layers[0].inputs;
    search->samples = probe->count < SAMPLES_MAX ? probe->count : SAMPLES_MAX;
    search->indices = calloc(search->samples, sizeof(*search->indices));
    search->aims = calloc(search->samples, sizeof(*search->aims));
    if (!search->indices || !search->aims)
        goto failed;
    for (uint32_t f = 0; f < search->inputs; f++) {
        find_values(search, rows, count, f);
        for (size_t i = 0; i < count; i++)
            sorted[i] = scaled_value(network, f, rows[i * search->inputs + f]);
        find_ends(search, sorted, count, f);
    }
    for (size_t s = 0; s < search->samples; s++) {
        size_t row = s * probe->count / search->samples;

        for (uint32_t f = 0; f < search->inputs; f++)
            search->indices[s][f] = (uint16_t)nn_code_index(probe->rows[row][f]);
        nn_aim_take(&search->aims[s], probe->wanted[row],
                    network->layers[network->layer_count - 1].outputs, 1);
    }
    free(sorted);
    return search;
failed:
    free(sorted);
    search_free(search);
    return NULL;
}

int nn_raw_encode(struct nn_code_tables *tables, struct nn_float *coded,
                  const struct nn_float *network, const uint32_t *rows, size_t count,
                  const struct nn_probe *probe, struct error *error)
{
    struct search *search = search_new(network, rows, count, probe);

    if (!search)
        return error_set(error, -ENOMEM, "no memory for the search of an input code");
    *coded = *network;
    coded->scaling = (struct onnx_steps){0};
    choose_ranges(search, tables);
    fold_ranges(coded, search);
    search_free(search);
    return 0;
}
