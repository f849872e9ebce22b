// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model eval: a model's verdicts on rows of features, against their labels. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features_csv.h"
#include "model_open.h"
#include "model_scores.h"
#include "model_verbs.h"
#include "options.h"

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

static int set_verdicts(void *target, const char *value, struct error *error)
{
    (void)error;
    ((struct eval_options *)target)->verdicts = value;
    return 0;
}

static int set_json(void *target, const char *value, struct error *error)
{
    (void)value;
    (void)error;
    ((struct eval_options *)target)->json = true;
    return 0;
}

static const struct option_spec eval_specs[] = {
    {"Output", "json", 0, NULL, "one JSON object on standard output, and nothing else there",
     set_json},
    {NULL, "verdicts", 0, "FILE", "one CSV row per row: index,class,confidence", set_verdicts},
    {0},
};

static const struct program eval_program = {
    .name = "afxdp-model eval",
    .usage = "afxdp-model eval MODEL.q8 features.csv",
    .summary =
        "Classifies the rows of a features.csv (raw integers; -: standard input) and compares the\n"
        "verdicts with the labels. Rows without a label are classified and not compared.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {eval_specs},
    .argument = set_argument,
};

/* What a run holds; freed as a whole. */
struct evaluation {
    struct model *model;
    struct features_table *table;
    struct verdict *verdicts; /* [table->count] */
    struct model_scores scores;
};

/* Counts labels against verdicts. A label that is no class of the model is refused: leaving such
 * rows out would flatter it. */
static int compare(struct evaluation *evaluation, const char *path, struct error *error)
{
    const struct features_table *table = evaluation->table;
    int classes[LABELS_MAX];

    for (uint32_t i = 0; i < table->label_count; i++) {
        classes[i] = q8_class_index(evaluation->model->file, table->label_name[i]);
        if (classes[i] < 0 && table->label_name[i][0] != '\0')
            return error_set(error, -EINVAL,
                             "%s: label '%s' is no class of the model (leave it empty where the "
                             "class isn't known)",
                             path, table->label_name[i]);
    }
    evaluation->scores.class_count = evaluation->model->file->class_count;
    for (size_t i = 0; i < table->count; i++) {
        int class_index = classes[table->label[i]];

        if (class_index >= 0)
            evaluation->scores.count[class_index][evaluation->verdicts[i].class_index]++;
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

static void print_text(const struct evaluation *evaluation)
{
    const struct model_scores *scores = &evaluation->scores;
    const struct q8 *file = evaluation->model->file;
    int width = name_width(file);

    printf("%-*s%10s%10s%10s%10s\n", width, "class", "rows", "precision", "recall", "F1");
    for (uint32_t i = 0; i < file->class_count; i++) {
        struct class_scores of = model_scores_of(scores, i);

        printf("%-*s%10llu", width, file->classes[i].name, (unsigned long long)of.labelled);
        print_share(of.precision);
        print_share(of.recall);
        print_share(of.f1);
        printf("\n");
    }
    printf("%-*s%10llu%10s%10s", width, "macro", (unsigned long long)model_scores_rows(scores), "",
           "");
    print_share(model_scores_macro_f1(scores));
    printf("\n%-*s%10s%10s%10s", width, "accuracy", "", "", "");
    print_share(model_scores_accuracy(scores));

    printf("\n\nrows: label, columns: verdict\n%-*s", width, "");
    for (uint32_t k = 0; k < file->class_count; k++)
        printf(" %*s", width, file->classes[k].name);
    printf("\n");
    for (uint32_t i = 0; i < file->class_count; i++) {
        printf("%-*s", width, file->classes[i].name);
        for (uint32_t k = 0; k < file->class_count; k++)
            printf(" %*llu", width, (unsigned long long)scores->count[i][k]);
        printf("\n");
    }
}

static json_t *json_share(double share)
{
    return share < 0 ? json_null() : json_real(share);
}

static json_t *json_classes(const struct evaluation *evaluation)
{
    const struct q8 *file = evaluation->model->file;
    json_t *classes = json_object();

    for (uint32_t i = 0; i < file->class_count; i++) {
        struct class_scores of = model_scores_of(&evaluation->scores, i);

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

static int print_json(const struct evaluation *evaluation, struct error *error)
{
    const struct model *model = evaluation->model;
    char checksum[9];

    snprintf(checksum, sizeof(checksum), "%08x", model->file->checksum);
    json_t *root = json_pack(
        "{s:i, s:s, s:{s:s, s:s, s:s}, s:I, s:I, s:o, s:o, s:o, s:o}", "schema", 1, "version",
        AFXDP_VERSION, "model", "path", model->path, "kind", model->classifier->kind, "checksum",
        checksum, "rows", (json_int_t)evaluation->table->count, "labelled",
        (json_int_t)model_scores_rows(&evaluation->scores), "accuracy",
        json_share(model_scores_accuracy(&evaluation->scores)), "macro_f1",
        json_share(model_scores_macro_f1(&evaluation->scores)), "classes", json_classes(evaluation),
        "confusion", json_confusion(&evaluation->scores));
    int err = root && json_dumpf(root, stdout, JSON_COMPACT) == 0 ? 0 : -ENOMEM;

    json_decref(root);
    printf("\n");
    return err ? error_set(error, err, "no memory for the report") : 0;
}

static int run(struct evaluation *evaluation, const struct eval_options *options,
               struct error *error)
{
    if (!options->features)
        return error_set(error, -EINVAL, "%s missing; see afxdp-model eval --help",
                         options->model ? "features.csv is" : "model and features.csv are");
    int err = model_open(&evaluation->model, options->model, error);
    if (!err)
        err = features_csv_read(&evaluation->table, options->features, error);
    if (err)
        return err;
    const struct features_table *table = evaluation->table;
    evaluation->verdicts = calloc(table->count ? table->count : 1, sizeof(struct verdict));
    if (!evaluation->verdicts)
        return error_set(error, -ENOMEM, "no memory for %zu verdicts", table->count);
    const struct classifier *classifier = evaluation->model->classifier;
    classifier->classify(classifier->model, table->features, table->count, evaluation->verdicts);
    return compare(evaluation, options->features, error);
}

/* What can fail although the input was right. */
static int print(const struct evaluation *evaluation, const struct eval_options *options,
                 struct error *error)
{
    int err = options->verdicts ? write_verdicts(evaluation, options->verdicts, error) : 0;

    if (!err && options->json)
        err = print_json(evaluation, error);
    else if (!err)
        print_text(evaluation);
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
    int err = options_parse(&eval_program, &options, argc, argv, &error);
    if (err == OPTIONS_DONE) {
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
out:
    free(evaluation);
    if (status != EXIT_DONE)
        program_complain(&eval_program, "%s", error.text);
    return status;
}
