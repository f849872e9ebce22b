// SPDX-License-Identifier: BSD-2-Clause
#include "model_scores.h"

const struct packet_range packet_ranges[PACKET_RANGES] = {
    {1, 1}, {2, 2}, {3, 3}, {4, 7}, {8, 15}, {16, 63}, {64, UINT64_MAX},
};

size_t packet_range_of(uint64_t packet)
{
    size_t range = 0;

    while (packet > packet_ranges[range].last)
        range++;
    return range;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : -1;
}

struct class_scores model_scores_of(const struct model_scores *scores, uint32_t class_index)
{
    struct class_scores result = {0};
    uint64_t right = scores->count[class_index][class_index];

    for (uint32_t i = 0; i < scores->class_count; i++) {
        result.labelled += scores->count[class_index][i];
        result.given += scores->count[i][class_index];
    }
    result.precision = share(right, result.given);
    result.recall = share(right, result.labelled);
    result.f1 = share(2 * right, result.labelled + result.given);
    return result;
}

uint64_t model_scores_rows(const struct model_scores *scores)
{
    uint64_t rows = 0;

    for (uint32_t i = 0; i < scores->class_count; i++) {
        for (uint32_t k = 0; k < scores->class_count; k++)
            rows += scores->count[i][k];
    }
    return rows;
}

double model_scores_accuracy(const struct model_scores *scores)
{
    uint64_t right = 0;

    for (uint32_t i = 0; i < scores->class_count; i++)
        right += scores->count[i][i];
    return share(right, model_scores_rows(scores));
}

double model_scores_macro_f1(const struct model_scores *scores)
{
    uint32_t occurring = 0;
    double sum = 0;

    for (uint32_t i = 0; i < scores->class_count; i++) {
        double f1 = model_scores_of(scores, i).f1;

        if (f1 >= 0) {
            sum += f1;
            occurring++;
        }
    }
    return occurring > 0 ? sum / occurring : -1;
}

double model_scores_false_positives(const struct model_scores *scores)
{
    struct class_scores first = model_scores_of(scores, 0);

    return share(first.labelled - scores->count[0][0], first.labelled);
}
