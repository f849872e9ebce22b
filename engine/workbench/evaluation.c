// SPDX-License-Identifier: BSD-2-Clause
#include "evaluation.h"

#include <errno.h>
#include <stdlib.h>

#include "unknown_label.h"

/* The class of each of the file's labels, -1 for the empty one. */
static int find_classes(const struct evaluation *evaluation, int *classes, struct error *error)
{
    const struct features_table *table = evaluation->table;

    for (uint32_t i = 0; i < table->label_count; i++) {
        classes[i] = q8_class_index(evaluation->file, table->label_name[i]);
        if (classes[i] < 0 && table->label_name[i][0] != '\0')
            return unknown_label(table->label_name[i], evaluation->file->classes,
                                 evaluation->file->class_count, error);
    }
    return 0;
}

static void set_class_count(struct evaluation *evaluation, uint32_t count)
{
    evaluation->scores.class_count = count;
    evaluation->at_end.class_count = count;
    for (size_t i = 0; i < PACKET_RANGES; i++)
        evaluation->by_number[i].class_count = count;
}

/* Counts labels against verdicts. */
static int compare(struct evaluation *evaluation, struct error *error)
{
    const struct features_table *table = evaluation->table;
    int classes[LABELS_MAX];
    int err = find_classes(evaluation, classes, error);

    if (!err && table->place)
        err = features_table_flow_ends(table, evaluation->ends, error);
    if (err)
        return err;
    set_class_count(evaluation, evaluation->file->class_count);
    for (size_t i = 0; i < table->count; i++) {
        int label = classes[table->label[i]];
        uint16_t verdict = evaluation->verdicts[i].class_index;

        evaluation->flows += evaluation->ends[i];
        if (label < 0)
            continue;
        evaluation->scores.count[label][verdict]++;
        if (evaluation->ends[i])
            evaluation->at_end.count[label][verdict]++;
        if (table->place)
            evaluation->by_number[packet_range_of(table->place[i].packet)].count[label][verdict]++;
    }
    return 0;
}

int evaluation_new(struct evaluation **out, const struct q8 *file,
                   const struct classifier *classifier, const char *features, struct error *error)
{
    struct evaluation *evaluation = calloc(1, sizeof(*evaluation));

    if (!evaluation)
        return error_set(error, -ENOMEM, "no memory to evaluate a model");
    evaluation->file = file;
    int err = features_csv_read(&evaluation->table, features, file->feature_set, error);
    if (err)
        goto fail;
    const struct features_table *table = evaluation->table;
    evaluation->verdicts = calloc(table->count ? table->count : 1, sizeof(struct verdict));
    evaluation->ends = calloc(table->count ? table->count : 1, sizeof(bool));
    if (!evaluation->verdicts || !evaluation->ends) {
        err = error_set(error, -ENOMEM, "no memory for %zu verdicts", table->count);
        goto fail;
    }
    classifier->classify(classifier->model, table->features, table->count, evaluation->verdicts);
    err = compare(evaluation, error);
    if (err) {
        error_prefix(error, err, "%s", features);
        goto fail;
    }
    *out = evaluation;
    return 0;
fail:
    evaluation_free(evaluation);
    return err;
}

void evaluation_free(struct evaluation *evaluation)
{
    if (!evaluation)
        return;
    features_table_free(evaluation->table);
    free(evaluation->verdicts);
    free(evaluation->ends);
    free(evaluation);
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
    const struct q8 *file = evaluation->file;
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

json_t *evaluation_json(const struct evaluation *evaluation)
{
    json_t *root = json_pack("{s:I}", "rows", (json_int_t)evaluation->table->count);
    json_t *scores = json_scores(&evaluation->scores, evaluation->file);

    if (root && scores && json_object_update(root, scores) == 0 &&
        json_object_set_new(root, "flows", json_flows(evaluation)) == 0) {
        json_decref(scores);
        return root;
    }
    json_decref(scores);
    json_decref(root);
    return NULL;
}
