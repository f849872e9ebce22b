// SPDX-License-Identifier: BSD-2-Clause
#include "evaluation_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 8 };

static void print_share(double share)
{
    if (share < 0)
        printf("%10s", "-");
    else
        printf("%10.4f", share);
}

static void print_scores(const struct model_scores *scores, const struct q8 *file)
{
    int width = q8_class_width(file, NAME_WIDTH);

    printf("%-*s%10s%10s%10s%10s\n", width, "class", "rows", "precision", "recall", "F1");
    for (uint32_t i = 0; i < file->class_count; i++) {
        struct class_scores of = model_scores_of(scores, i);

        printf("%-*s%10" PRIu64, width, file->classes[i].name, of.labelled);
        print_share(of.precision);
        print_share(of.recall);
        print_share(of.f1);
        printf("\n");
    }
    printf("%-*s%10" PRIu64 "%10s%10s", width, "macro", model_scores_rows(scores), "", "");
    print_share(model_scores_macro_f1(scores));
    printf("\n%-*s%10s%10s%10s", width, "accuracy", "", "", "");
    print_share(model_scores_accuracy(scores));
    printf("\n");
}

static void print_false_positives(const struct model_scores *scores, const struct q8 *file)
{
    double share = model_scores_false_positives(scores);

    printf("\nfalse positives: ");
    if (share < 0)
        printf("unknown, no row has the label '%s'", file->classes[0].name);
    else
        printf("%.4f of the rows labelled '%s' got another class", share, file->classes[0].name);
    printf(" (the model's first class)\n");
}

static void print_confusion(const struct model_scores *scores, const struct q8 *file)
{
    int width = q8_class_width(file, NAME_WIDTH);

    printf("\nrows: label, columns: verdict\n%-*s", width, "");
    for (uint32_t k = 0; k < file->class_count; k++)
        printf(" %*s", width, file->classes[k].name);
    printf("\n");
    for (uint32_t i = 0; i < file->class_count; i++) {
        printf("%-*s", width, file->classes[i].name);
        for (uint32_t k = 0; k < file->class_count; k++)
            printf(" %*" PRIu64, width, scores->count[i][k]);
        printf("\n");
    }
}

static void print_range(const struct packet_range *range)
{
    char text[48];

    if (range->last == range->first)
        snprintf(text, sizeof(text), "%" PRIu64, range->first);
    else if (range->last == UINT64_MAX)
        snprintf(text, sizeof(text), "%" PRIu64 "-", range->first);
    else
        snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64, range->first, range->last);
    printf("%10s", text);
}

enum { VIEWS = PACKET_RANGES + 2 };

/* One column each, a line for each class. */
static void print_by_flow(const struct evaluation *evaluation)
{
    const struct q8 *file = evaluation->file;
    const struct model_scores *views[VIEWS] = {&evaluation->scores, &evaluation->at_end};
    int width = q8_class_width(file, NAME_WIDTH);
    int least = (int)strlen("false positives");

    width = width < least ? least : width;
    for (size_t i = 0; i < PACKET_RANGES; i++)
        views[i + 2] = &evaluation->by_number[i];
    printf(
        "\nF1 of every packet, of each flow's last one, and by packet number (1: a flow's first)\n"
        "%-*s%10s%10s",
        width, "class", "every", "last");
    for (size_t i = 0; i < PACKET_RANGES; i++)
        print_range(&packet_ranges[i]);
    for (uint32_t i = 0; i < file->class_count; i++) {
        printf("\n%-*s", width, file->classes[i].name);
        for (size_t view = 0; view < VIEWS; view++)
            print_share(model_scores_of(views[view], i).f1);
    }
    printf("\n%-*s", width, "macro");
    for (size_t view = 0; view < VIEWS; view++)
        print_share(model_scores_macro_f1(views[view]));
    printf("\n%-*s", width, "false positives");
    for (size_t view = 0; view < VIEWS; view++)
        print_share(model_scores_false_positives(views[view]));
    printf("\n%-*s", width, "rows");
    for (size_t view = 0; view < VIEWS; view++)
        printf("%10" PRIu64, model_scores_rows(views[view]));
    printf("\n");
}

void evaluation_print_tables(const struct evaluation *evaluation)
{
    const struct q8 *file = evaluation->file;

    print_scores(&evaluation->scores, file);
    print_false_positives(&evaluation->scores, file);
    print_confusion(&evaluation->scores, file);
    if (evaluation->table->place)
        print_by_flow(evaluation);
    else
        printf("\nScores by flow and packet number need the columns that afxdp-features --flows "
               "adds.\n");
}
