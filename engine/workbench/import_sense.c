// SPDX-License-Identifier: BSD-2-Clause
#include "import_sense.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn_reference.h"

/* Rows of a class among those whose feature shares an index of the input code. */
struct counts {
    uint32_t of[NN_CODES][CLASSES_MAX];
};

/* Labelled rows that the majority of the others of their index would get right. */
static size_t right_by_others(const uint32_t counts[CLASSES_MAX], uint32_t class_count)
{
    size_t right = 0;

    for (uint32_t k = 0; k < class_count; k++) {
        uint32_t others = counts[k] > 0 ? counts[k] - 1 : 0;
        bool wins = others > 0;

        for (uint32_t other = 0; wins && other < class_count; other++)
            wins = other < k ? counts[other] < others : other == k || counts[other] <= others;
        right += wins ? counts[k] : 0;
    }
    return right;
}

static void count_rows(struct counts *counts, const struct import *import, uint32_t feature)
{
    memset(counts, 0, sizeof(*counts));
    for (size_t i = 0; i < import->rows; i++) {
        if (import->labels[i] >= 0)
            counts->of[nn_code_index(import_row(import, i)[feature])][import->labels[i]]++;
    }
}

static size_t most_common(const struct import_report *report)
{
    size_t most = 0;

    for (uint32_t k = 0; k < CLASSES_MAX; k++)
        most = report->labelled_of[k] > most ? report->labelled_of[k] : most;
    return most;
}

/* A model trained with weights for its classes may be right less often than the most common class
 * alone, but it finds the others. */
static bool is_informed(const struct import_report *report)
{
    double recall = 0;
    int classes = 0;

    for (uint32_t k = 0; k < CLASSES_MAX; k++) {
        if (report->labelled_of[k] == 0)
            continue;
        recall += (double)report->right_of[k] / (double)report->labelled_of[k];
        classes++;
    }
    return (recall - 1) * 100 >= (classes - 1) * (double)SENSE_INFORMED_PERCENT;
}

/* The feature that alone is right most often, and on how many rows. */
static int best_feature(const struct import *import, uint32_t *feature, size_t *right,
                        struct error *error)
{
    struct counts *counts = malloc(sizeof(*counts));

    if (!counts)
        return error_set(error, -ENOMEM, "no memory to count labels");
    *right = 0;
    for (uint32_t f = 0; f < feature_count(import->feature_set); f++) {
        size_t total = 0;

        count_rows(counts, import, f);
        for (uint32_t i = 0; i < NN_CODES; i++)
            total += right_by_others(counts->of[i], import->class_count);
        if (total > *right) {
            *right = total;
            *feature = f;
        }
    }
    free(counts);
    return 0;
}

static double percent(size_t part, size_t whole)
{
    return 100.0 * (double)part / (double)whole;
}

#define CURE                                                                                       \
    "it isn't fed what it was trained on (scaling that the file lacks, another input code), or "   \
    "its classes stand in another order; --force imports it all the same"

int import_sense_check(const struct import *import, const struct import_report *report,
                       enum q8_kind kind, struct error *error)
{
    static const char *const names[FEATURES_MAX] = FEATURE_NAMES;
    size_t labelled = report->labelled;
    uint32_t feature = 0;
    size_t alone = 0;

    if (report->agreeing * 100 < report->rows * SENSE_AGREEING_PERCENT)
        return error_set(error, -EINVAL,
                         "its integers agree with the original on only %.1f %% of the calibration "
                         "rows: train it on coded columns, or with a logarithm in front; --force "
                         "imports it all the same",
                         percent(report->agreeing, report->rows));
    if (is_informed(report))
        return 0;
    size_t most = most_common(report);
    double share = (double)most / (double)labelled;
    double chance = 2 * sqrt(share * (1 - share) * (double)labelled); /* in rows */
    if (10 * report->right < 9 * most && (double)report->right < (double)most - chance)
        return error_set(error, -EINVAL,
                         "right on only %.1f %% of the labelled rows, the most common class alone "
                         "is on %.1f %%: " CURE,
                         percent(report->right, labelled), percent(most, labelled));
    if (kind != Q8_NN || labelled < SENSE_ROWS)
        return 0;
    int err = best_feature(import, &feature, &alone, error);
    bool tells = alone * 100 >= (most * 100 + labelled * SENSE_GAIN_PERCENT);
    if (err || !tells || 3 * report->right >= 2 * most + alone)
        return err;
    return error_set(error, -EINVAL,
                     "right on only %.1f %% of the labelled rows, %s alone tells %.1f %%, the most "
                     "common class %.1f %%: " CURE,
                     percent(report->right, labelled), names[feature], percent(alone, labelled),
                     percent(most, labelled));
}
