// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model eval: a model's verdicts on rows of features, against their labels. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_evaluation.h"
#include "model_verbs.h"
#include "program.h"

struct eval_options {
    const char *model;
    const char *features;
    const char *verdicts;
    bool json;
};

static int set_argument(void *target, const char *value, struct error *error)
{
    struct eval_options *options = target;

    if (options->features)
        return error_set(error, -EINVAL, "'%s': one model and one features.csv a call", value);
    if (options->model)
        options->features = value;
    else
        options->model = value;
    return 0;
}

static const struct option_spec eval_specs[] = {
    {.group = "Output",
     OPTION_ROW_FLAG("json", struct eval_options, json),
     .help = "one JSON object on standard output, and nothing else there"},
    {OPTION_ROW_OUTPUT("verdicts", struct eval_options, verdicts),
     .help = "one CSV row per row: index,class,confidence"},
    {0},
};

static const struct program eval_program = {
    .name = "afxdp-model eval",
    .usage = "afxdp-model eval MODEL.q8 features.csv",
    .summary =
        "Classifies the rows of a features.csv (raw integers; -: standard input) and compares the\n"
        "verdicts with the labels. Rows without a label are classified and not compared. With the\n"
        "columns of afxdp-features --flows also by flow and packet number.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {eval_specs},
    .argument = set_argument,
};

/* The class of each of the file's labels, -1 for the empty one. A label that is no class of the
 * model is refused: leaving such rows out would flatter it. */
static int find_classes(const struct evaluation *evaluation, int *classes, struct error *error)
{
    const struct features_table *table = evaluation->table;

    for (uint32_t i = 0; i < table->label_count; i++) {
        classes[i] = q8_class_index(evaluation->model->file, table->label_name[i]);
        if (classes[i] < 0 && table->label_name[i][0] != '\0')
            return error_set(error, -EINVAL,
                             "label '%s' is no class of the model (leave it empty where the class "
                             "isn't known)",
                             table->label_name[i]);
    }
    return 0;
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
    evaluation_set_class_count(evaluation, evaluation->model->file->class_count);
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

static int write_verdicts(const struct evaluation *evaluation, const char *path,
                          struct error *error)
{
    const struct features_table *table = evaluation->table;
    FILE *file = fopen(path, "we");

    if (!file) {
        int err = -errno;
        return error_set(error, err, "cannot write %s: %s", path, strerror(-err));
    }
    fprintf(file, "index,class,confidence\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct verdict *verdict = &evaluation->verdicts[i];

        fprintf(file, "%llu,%s,%u\n", (unsigned long long)table->index[i],
                evaluation->model->file->classes[verdict->class_index].name, verdict->confidence);
    }
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return error_set(error, -EIO, "cannot write %s: %s", path, strerror(errno));
    return 0;
}

static int run(struct evaluation *evaluation, const struct eval_options *options,
               struct error *error)
{
    if (!options->features)
        return error_set(error, -EINVAL, "%s missing; see afxdp-model eval --help",
                         options->model ? "features.csv is" : "model and features.csv are");
    int err = model_open(&evaluation->model, options->model, error);
    if (!err)
        err = features_csv_read(&evaluation->table, options->features,
                                evaluation->model->file->feature_set, error);
    if (err)
        return err;
    const struct features_table *table = evaluation->table;
    evaluation->verdicts = calloc(table->count ? table->count : 1, sizeof(struct verdict));
    evaluation->ends = calloc(table->count ? table->count : 1, sizeof(bool));
    if (!evaluation->verdicts || !evaluation->ends)
        return error_set(error, -ENOMEM, "no memory for %zu verdicts", table->count);
    const struct classifier *classifier = evaluation->model->classifier;
    classifier->classify(classifier->model, table->features, table->count, evaluation->verdicts);
    err = compare(evaluation, error);
    return err ? error_prefix(error, err, "%s", options->features) : 0;
}

/* What can fail although the input was right. */
static int print(const struct evaluation *evaluation, const struct eval_options *options,
                 struct error *error)
{
    int err = options->verdicts ? write_verdicts(evaluation, options->verdicts, error) : 0;

    if (!err && options->json)
        err = evaluation_print_json(evaluation, error);
    else if (!err)
        evaluation_print_text(evaluation);
    if (!err && (fflush(stdout) == EOF || ferror(stdout)))
        err = error_set(error, -EIO, "cannot write to standard output: %s", strerror(errno));
    return err;
}

int model_eval(int argc, char **argv)
{
    struct evaluation *evaluation = calloc(1, sizeof(*evaluation));
    struct eval_options options = {0};
    struct error error = {"no memory"};
    int status = EXIT_FAILED;

    if (!evaluation)
        goto out;
    int err = program_options(&eval_program, &options, argc, argv, &error);
    if (err == PROGRAM_DONE) {
        status = EXIT_DONE;
        goto out;
    }
    if (!err)
        err = run(evaluation, &options, &error);
    if (err)
        status = EXIT_USAGE;
    else if (!print(evaluation, &options, &error))
        status = EXIT_DONE;
    model_close(evaluation->model);
    features_table_free(evaluation->table);
    free(evaluation->verdicts);
    free(evaluation->ends);
out:
    free(evaluation);
    if (status != EXIT_DONE)
        program_complain(&eval_program, "%s", error.text);
    return status;
}
