// SPDX-License-Identifier: BSD-2-Clause
#include "nn_scale.h"

#include <math.h>

#include "nn_reference.h"

enum {
    WEIGHT_MAX = 127,
    SHIFT_MOST = 22, /* 127 << 22 and a bias of 2^29 leave the overflow proof room */
};

#define BIAS_MAX 0x1p29

/* Steps of the least squared error's search, times the least scale; below 1 weights are cut off. */
static const double steps[] = {0.7,  0.8,  0.9,  1,    1.09, 1.19, 1.3,
                               1.41, 1.54, 1.68, 1.83, 2,    2.2,  2.5};

double nn_scale_least(const struct nn_channel *channel)
{
    double least = fabs(channel->bias) / BIAS_MAX;

    for (uint32_t i = 0; i < channel->inputs; i++)
        least = fmax(least, fabs(channel->weight[i]) / WEIGHT_MAX);
    return least > 0x1p-300 ? least : 0x1p-300; /* an output that is always 0 */
}

static double round_half_up(double value)
{
    return floor(value + 0.5);
}

void nn_scale_round(struct nn_integers *out, const struct nn_channel *channel, double scale,
                    uint32_t shift)
{
    *out = (struct nn_integers){.scale = scale, .shift = shift};
    for (uint32_t i = 0; i < channel->inputs; i++) {
        double weight = round_half_up(channel->weight[i] / scale);

        out->weight[i] = (int8_t)fmin(fmax(weight, -WEIGHT_MAX), WEIGHT_MAX);
    }
    double bias = fmin(fmax(round_half_up(channel->bias / scale), -BIAS_MAX), BIAS_MAX);
    out->bias = (int32_t)bias + (shift > 0 ? INT32_C(1) << (shift - 1) : 0);
}

/* The least shift with which activations of this weight scale reach the range. */
static uint32_t shift_for(double range, double scale)
{
    uint32_t shift = 0;

    while (shift < SHIFT_MOST && ldexp(scale * NN_ACTIVATION_MAX, (int)shift) < range)
        shift++;
    return shift;
}

static double squared_error(const struct nn_integers *integers, uint32_t shift,
                            const struct nn_channel *channel, const struct nn_samples *samples,
                            const int32_t *sums)
{
    double step = ldexp(integers->scale, (int)shift);
    int32_t half = shift > 0 ? INT32_C(1) << (shift - 1) : 0;
    double error = 0;

    for (size_t row = 0; row < samples->count; row++) {
        double wanted = fmin(samples->wanted[row], channel->range);
        double difference = step * nn_requantise(sums[row] + half, shift) - wanted;

        error += difference * difference;
    }
    return error;
}

/* Sums of all samples without a rounding constant. */
static void add_up(const struct nn_integers *integers, uint32_t inputs,
                   const struct nn_samples *samples, int32_t *sums)
{
    for (size_t row = 0; row < samples->count; row++) {
        sums[row] = integers->bias;
        for (uint32_t i = 0; i < inputs; i++)
            sums[row] += integers->weight[i] * samples->inputs[row][i];
    }
}

static void least_error(struct nn_integers *out, const struct nn_channel *channel, double least,
                        const struct nn_samples *samples)
{
    int32_t sums[NN_SAMPLES_MAX];
    double smallest = INFINITY;

    /* What stays where the numbers are so large that every error is infinite. */
    nn_scale_round(out, channel, least, shift_for(channel->range, least));
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct nn_integers tried;

        nn_scale_round(&tried, channel, least * steps[i], 0);
        add_up(&tried, channel->inputs, samples, sums);
        uint32_t covering = shift_for(channel->range, tried.scale);
        for (uint32_t shift = covering > 0 ? covering - 1 : 0; shift <= covering; shift++) {
            double error = squared_error(&tried, shift, channel, samples, sums);

            if (error < smallest) {
                smallest = error;
                nn_scale_round(out, channel, tried.scale, shift);
            }
        }
    }
}

void nn_scale_hidden(struct nn_integers *out, const struct nn_channel *channel, enum nn_rule rule,
                     const struct nn_samples *samples)
{
    double least = nn_scale_least(channel);
    uint32_t shift = shift_for(channel->range, least);

    least = fmax(least, ldexp(channel->range / NN_ACTIVATION_MAX, -SHIFT_MOST));
    if (rule == NN_LEAST_ERROR) {
        least_error(out, channel, least, samples);
    } else if (rule == NN_FULL_RANGE && shift > 0) {
        double full = ldexp(channel->range / NN_ACTIVATION_MAX, -(int)(shift - 1));
        nn_scale_round(out, channel, fmax(full, least), shift - 1);
    } else {
        nn_scale_round(out, channel, least, shift);
    }
}
