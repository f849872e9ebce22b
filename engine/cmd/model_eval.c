// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model eval: a model's verdicts on rows of features, against their labels. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluation_table.h"
#include "model_open.h"
#include "model_verbs.h"
#include "program.h"
#include "utf8.h"

struct eval_options {
    struct model_arguments on;
    const char *verdicts;
    bool json;
};

static const struct option_spec eval_specs[] = {
    {.group = "Output",
     OPTION_ROW_FLAG("json", struct eval_options, json),
     .help = "one JSON object on standard output, and nothing else there"},
    {OPTION_ROW_OUTPUT("verdicts", struct eval_options, verdicts),
     .help = "one CSV row per row: index,class,confidence"},
    {0},
};

const struct program model_eval_program = {
    .name = "afxdp-model eval",
    .purpose = "score a model on labelled rows",
    .usage = "afxdp-model eval MODEL.q8 features.csv",
    .summary =
        "Classifies the rows of a features.csv (raw integers; -: standard input) and compares the\n"
        "verdicts with the labels. Rows without a label are classified and not compared. With the\n"
        "columns of afxdp-features --flows also by flow and packet number.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {eval_specs},
    .argument = model_arguments_set,
};

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
                evaluation->file->classes[verdict->class_index].name, verdict->confidence);
    }
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed)
        return error_set(error, -EIO, "cannot write %s: %s", path, strerror(errno));
    return 0;
}

static int run(struct model **model, struct evaluation **evaluation,
               const struct eval_options *options, struct error *error)
{
    if (!options->on.features)
        return error_set(error, -EINVAL, "%s missing; see afxdp-model eval --help",
                         options->on.model ? "features.csv is" : "model and features.csv are");
    int err = model_open(model, options->on.model, error);
    if (err)
        return err;
    return evaluation_new(evaluation, (*model)->file, (*model)->classifier, options->on.features,
                          error);
}

/* One object on standard output. Write errors stay in the stream. */
static int print_json(const struct model *model, const struct evaluation *evaluation,
                      struct error *error)
{
    char *path = utf8_from_bytes(model->path);
    json_t *found = evaluation_json(evaluation);
    char checksum[9];

    snprintf(checksum, sizeof(checksum), "%08x", model->file->checksum);
    json_t *root =
        json_pack("{s:i, s:s, s:{s:s, s:s, s:s}}", "schema", 1, "version", AFXDP_VERSION, "model",
                  "path", path ? path : "", "kind", model->classifier->kind, "checksum", checksum);
    int err = path && found && root && json_object_update(root, found) == 0 &&
                      json_dumpf(root, stdout, JSON_COMPACT) == 0
                  ? 0
                  : -ENOMEM;

    json_decref(found);
    json_decref(root);
    free(path);
    printf("\n");
    if (ferror(stdout)) /* the caller's to tell */
        return 0;
    return err ? error_set(error, err, "no memory for the report") : 0;
}

/* What can fail although the input was right. */
static int print(const struct model *model, const struct evaluation *evaluation,
                 const struct eval_options *options, struct error *error)
{
    int err = options->verdicts ? write_verdicts(evaluation, options->verdicts, error) : 0;

    if (!err && options->json)
        err = print_json(model, evaluation, error);
    else if (!err)
        evaluation_print_tables(evaluation);
    if (!err && (fflush(stdout) == EOF || ferror(stdout)))
        err = error_set(error, -EIO, "cannot write to standard output: %s", strerror(errno));
    return err;
}

int model_eval(int argc, char **argv)
{
    struct model *model = NULL;
    struct evaluation *evaluation = NULL;
    struct eval_options options = {0};
    struct error error;
    int status = EXIT_USAGE;
    int err = program_options(&model_eval_program, &options, argc, argv, &error);

    if (err == PROGRAM_DONE)
        return EXIT_DONE;
    if (!err)
        err = run(&model, &evaluation, &options, &error);
    if (!err)
        status = print(model, evaluation, &options, &error) ? EXIT_FAILED : EXIT_DONE;
    if (status != EXIT_DONE)
        program_complain(&model_eval_program, "%s", error.text);
    evaluation_free(evaluation);
    model_close(model);
    return status;
}
