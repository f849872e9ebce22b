// SPDX-License-Identifier: BSD-2-Clause
#include "nn_raw.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn_layers.h"
#include "nn_reference.h"

enum {
    SAMPLES_MAX = 2048, /* rows that the search runs on */
    CUTS = 5,
};

/* Shares of the rows beyond which a feature saturates, at either end. */
static const double cuts[CUTS] = {0, 0.001, 0.005, 0.02, 0.05};

struct range {
    double low;
    double high;
};

struct search {
    const struct nn_float *network;
    double scaled[NN_INPUTS_MAX][NN_CODES]; /* what stands for an index of the code */
    struct range ranges[NN_INPUTS_MAX][CUTS];
    uint32_t inputs;
    size_t samples;
    uint16_t (*indices)[NN_INPUTS_MAX]; /* of the samples */
    double (*wanted)[NN_WIDTH_MAX];     /* the original's logits */
};

static double scaled_value(const struct nn_float *network, uint32_t feature, double value)
{
    return onnx_steps_apply(&network->scaling, feature, value);
}

uint32_t nn_raw_classify(const struct nn_float *network, const uint32_t *features)
{
    double inputs[NN_INPUTS_MAX];
    double logits[NN_WIDTH_MAX];

    for (uint32_t i = 0; i < network->layers[0].inputs; i++)
        inputs[i] = scaled_value(network, i, features[i]);
    nn_float_run(network, inputs, logits);
    return nn_float_best(network, logits);
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

static void find_ranges(struct search *search, double *sorted, size_t count, uint32_t feature)
{
    qsort(sorted, count, sizeof(*sorted), compare_doubles);
    for (int cut = 0; cut < CUTS; cut++) {
        size_t left_out = (size_t)(cuts[cut] * (double)count);

        search->ranges[feature][cut] =
            (struct range){sorted[left_out], sorted[count - 1 - left_out]};
    }
}

static void make_table(uint8_t table[NN_CODES], const struct search *search, uint32_t feature,
                       const struct range *range)
{
    const double *scaled = search->scaled[feature];
    bool falls = scaled[NN_CODES - 1] < scaled[0];
    double width = range->high - range->low;

    for (uint32_t i = 0; i < NN_CODES; i++) {
        double place = falls ? range->high - scaled[i] : scaled[i] - range->low;
        double share = width > 0 ? place / width : 0;

        share = share < 0 ? 0 : share > 1 ? 1 : share;
        table[i] = (uint8_t)(share * NN_ACTIVATION_MAX + 0.5);
        if (i > 0 && table[i] < table[i - 1])
            table[i] = table[i - 1]; /* the values of an index may round either way */
    }
}

/* The first layer on codes / 127: a code stands for low + width × code / 127. */
static void fold_ranges(struct nn_float *coded, const struct search *search, const int chosen[])
{
    struct onnx_steps ranges = {.count = 1, .step = {{.kind = ONNX_STEP_AFFINE}}};

    for (uint32_t f = 0; f < search->inputs; f++) {
        const struct range *range = &search->ranges[f][chosen[f]];
        bool falls = search->scaled[f][NN_CODES - 1] < search->scaled[f][0];
        double width = range->high - range->low;

        ranges.step[0].a[f] = falls ? -width : width;
        ranges.step[0].b[f] = falls ? range->high : range->low;
    }
    coded->layers[0] = search->network->layers[0];
    (void)nn_layer_take_steps(&coded->layers[0], &ranges);
}

/* How well the coded network follows the original: samples of the same class, then distance. */
struct score {
    size_t agreeing;
    double distance;
};

static struct score score_of(const struct search *search, const struct nn_float *coded,
                             const struct nn_code_tables *tables)
{
    uint32_t classes = coded->layers[coded->layer_count - 1].outputs;
    struct score score = {0, 0};

    for (size_t s = 0; s < search->samples; s++) {
        double inputs[NN_INPUTS_MAX];
        double logits[NN_WIDTH_MAX];

        for (uint32_t f = 0; f < search->inputs; f++)
            inputs[f] = tables->code[f][search->indices[s][f]] / (double)NN_ACTIVATION_MAX;
        nn_float_run(coded, inputs, logits);
        for (uint32_t o = 0; o < classes; o++) {
            double difference = logits[o] - search->wanted[s][o];
            score.distance += difference * difference;
        }
        score.agreeing += nn_float_best(coded, logits) == nn_float_best(coded, search->wanted[s]);
    }
    return score;
}

/* One feature after the other takes the range that serves best, the others as they are. */
static void choose_ranges(struct search *search, struct nn_float *coded,
                          struct nn_code_tables *tables)
{
    int chosen[NN_INPUTS_MAX] = {0};

    for (uint32_t f = 0; f < search->inputs; f++)
        make_table(tables->code[f], search, f, &search->ranges[f][0]);
    fold_ranges(coded, search, chosen);
    struct score best = score_of(search, coded, tables);
    for (uint32_t f = 0; f < search->inputs; f++) {
        int kept = 0;

        for (int cut = 1; cut < CUTS; cut++) {
            const struct range *range = &search->ranges[f][cut];

            if (!(range->high > range->low))
                break;
            make_table(tables->code[f], search, f, range);
            chosen[f] = cut;
            fold_ranges(coded, search, chosen);
            struct score score = score_of(search, coded, tables);
            if (score.agreeing > best.agreeing ||
                (score.agreeing == best.agreeing && score.distance < best.distance)) {
                best = score;
                kept = cut;
            }
        }
        chosen[f] = kept;
        make_table(tables->code[f], search, f, &search->ranges[f][kept]);
    }
    fold_ranges(coded, search, chosen);
}

static int check_scaling(const struct nn_float *network, struct error *error)
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
    free(search->wanted);
    free(search);
}

static struct search *search_new(const struct nn_float *network, const uint32_t *rows, size_t count)
{
    struct search *search = calloc(1, sizeof(*search));
    double *sorted = calloc(count, sizeof(*sorted));

    if (!search || !sorted)
        goto failed;
    search->network = network;
    search->inputs = network->layers[0].inputs;
    search->samples = count < SAMPLES_MAX ? count : SAMPLES_MAX;
    search->indices = calloc(search->samples, sizeof(*search->indices));
    search->wanted = calloc(search->samples, sizeof(*search->wanted));
    if (!search->indices || !search->wanted)
        goto failed;
    for (uint32_t f = 0; f < search->inputs; f++) {
        find_values(search, rows, count, f);
        for (size_t i = 0; i < count; i++)
            sorted[i] = scaled_value(network, f, rows[i * search->inputs + f]);
        find_ranges(search, sorted, count, f);
    }
    for (size_t s = 0; s < search->samples; s++) {
        const uint32_t *row = &rows[s * count / search->samples * search->inputs];
        double inputs[NN_INPUTS_MAX];

        for (uint32_t f = 0; f < search->inputs; f++) {
            search->indices[s][f] = (uint16_t)nn_code_index(row[f]);
            inputs[f] = scaled_value(network, f, row[f]);
        }
        nn_float_run(network, inputs, search->wanted[s]);
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
                  struct error *error)
{
    int err = check_scaling(network, error);

    if (err)
        return err;
    struct search *search = search_new(network, rows, count);
    if (!search)
        return error_set(error, -ENOMEM, "no memory for the search of an input code");
    *coded = *network;
    coded->scaling = (struct onnx_steps){0};
    choose_ranges(search, coded, tables);
    search_free(search);
    return 0;
}
