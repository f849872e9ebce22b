// SPDX-License-Identifier: BSD-2-Clause
#include "model_evaluation.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

void evaluation_set_class_count(struct evaluation *evaluation, uint32_t count)
{
    evaluation->scores.class_count = count;
    evaluation->at_end.class_count = count;
    for (size_t i = 0; i < PACKET_RANGES; i++)
        evaluation->by_number[i].class_count = count;
}

static void print_share(double share)
{
    if (share < 0)
        printf("%10s", "-");
    else
        printf("%10.4f", share);
}

static int name_width(const struct q8 *file)
{
    size_t width = 8;

    for (uint32_t i = 0; i < file->class_count; i++) {
        size_t length = strlen(file->classes[i].name);
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_scores(const struct model_scores *scores, const struct q8 *file)
{
    int width = name_width(file);

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
    int width = name_width(file);

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

    const struct q8 *file = evaluation->model->file;
    const struct model_scores *views[VIEWS] = {&evaluation->scores, &evaluation->at_end};
    int width = name_width(file);
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

void evaluation_print_text(const struct evaluation *evaluation)
{
    const struct q8 *file = evaluation->model->file;

    print_scores(&evaluation->scores, file);
    print_false_positives(&evaluation->scores, file);
    print_confusion(&evaluation->scores, file);
    if (evaluation->table->place)
        print_by_flow(evaluation);
    else
        printf("\nScores by flow and packet number need the columns that afxdp-features --flows "
               "adds.\n");
}

static json_t *json_share(double share)
{
    return share < 0 ? json_null() : json_real(share);
}

static json_t *json_classes(const struct model_scores *scores, const struct q8 *file)
{
    json_t *classes = json_object();

    for (uint32_t i = 0; i < file->class_count; i++) {
        struct class_scores of = model_scores_of(scores, i);

        json_object_set_new(classes, file->classes[i].name,
                            json_pack("{s:I, s:I, s:o, s:o, s:o}", "rows", (json_int_t)of.labelled,
                                      "verdicts", (json_int_t)of.given, "precision",
                                      json_share(of.precision), "recall", json_share(of.recall),
                                      "f1", json_share(of.f1)));
    }
    return classes;
}

static json_t *json_confusion(const struct model_scores *scores)
{
    json_t *confusion = json_array();

    for (uint32_t i = 0; i < scores->class_count; i++) {
        json_t *row = json_array();

        for (uint32_t k = 0; k < scores->class_count; k++)
            json_array_append_new(row, json_integer((json_int_t)scores->count[i][k]));
        json_array_append_new(confusion, row);
    }
    return confusion;
}

static json_t *json_false_positives(const struct model_scores *scores, const struct q8 *file)
{
    struct class_scores first = model_scores_of(scores, 0);

    return json_pack("{s:s, s:I, s:I, s:o}", "class", file->classes[0].name, "rows",
                     (json_int_t)first.labelled, "others",
                     (json_int_t)(first.labelled - scores->count[0][0]), "share",
                     json_share(model_scores_false_positives(scores)));
}

static json_t *json_scores(const struct model_scores *scores, const struct q8 *file)
{
    return json_pack(
        "{s:I, s:o, s:o, s:o, s:o, s:o}", "labelled", (json_int_t)model_scores_rows(scores),
        "accuracy", json_share(model_scores_accuracy(scores)), "macro_f1",
        json_share(model_scores_macro_f1(scores)), "classes", json_classes(scores, file),
        "confusion", json_confusion(scores), "false_positives", json_false_positives(scores, file));
}

static json_t *json_flows(const struct evaluation *evaluation)
{
    const struct q8 *file = evaluation->model->file;
    json_t *numbers = json_array();

    if (!evaluation->table->place) {
        json_decref(numbers);
        return json_null();
    }
    for (size_t i = 0; i < PACKET_RANGES; i++) {
        const struct packet_range *range = &packet_ranges[i];
        json_t *scores = json_scores(&evaluation->by_number[i], file);
        json_t *last =
            range->last == UINT64_MAX ? json_null() : json_integer((json_int_t)range->last);

        json_object_set_new(scores, "from", json_integer((json_int_t)range->first));
        json_object_set_new(scores, "to", last);
        json_array_append_new(numbers, scores);
    }
    return json_pack("{s:I, s:o, s:o, s:o}", "count", (json_int_t)evaluation->flows, "first_packet",
                     json_scores(&evaluation->by_number[0], file), "last_packet",
                     json_scores(&evaluation->at_end, file), "packet_numbers", numbers);
}

int evaluation_print_json(const struct evaluation *evaluation, struct error *error)
{
    const struct model *model = evaluation->model;
    json_t *scores = json_scores(&evaluation->scores, model->file);
    char *path = utf8_from_bytes(model->path);
    char checksum[9];

    snprintf(checksum, sizeof(checksum), "%08x", model->file->checksum);
    json_t *root =
        json_pack("{s:i, s:s, s:{s:s, s:s, s:s}, s:I}", "schema", 1, "version", AFXDP_VERSION,
                  "model", "path", path ? path : "", "kind", model->classifier->kind, "checksum",
                  checksum, "rows", (json_int_t)evaluation->table->count);
    int err = path && root && scores && json_object_update(root, scores) == 0 &&
                      json_object_set_new(root, "flows", json_flows(evaluation)) == 0 &&
                      json_dumpf(root, stdout, JSON_COMPACT) == 0
                  ? 0
                  : -ENOMEM;

    json_decref(scores);
    json_decref(root);
    free(path);
    printf("\n");
    if (ferror(stdout)) /* the caller's to tell */
        return 0;
    return err ? error_set(error, err, "no memory for the report") : 0;
}
