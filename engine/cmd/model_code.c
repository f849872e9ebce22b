// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model code: the input code of the rows that a network will be trained on. */
#include <errno.h>
#include <stdlib.h>

#include "features_csv.h"
#include "model_verbs.h"
#include "nn_code.h"
#include "program.h"
#include "text_file.h"

struct code_options {
    const char *features;
    const char *output;
    uint32_t feature_set; /* FEATURE_SET_ANY: the one of the rows */
};

static int set_features(void *target, const char *value, struct error *error)
{
    struct code_options *options = target;

    if (options->features)
        return error_set(error, -EINVAL, "'%s': one file a call, there is %s already", value,
                         options->features);
    options->features = value;
    return 0;
}

static const struct option_spec code_specs[] = {
    {.group = "Input",
     OPTION_ROW_NUMBER("set", "N", FEATURE_SET_1, FEATURE_SET_2, struct code_options, feature_set),
     .help = "feature set of the network: 1 or 2 (the one that the rows have)"},
    {.group = "Output",
     OPTION_ROW_OUTPUT("output", struct code_options, output),
     .letter = 'o',
     .help = "where the code goes (-: standard output, the default)"},
    {0},
};

const struct program model_code_program = {
    .name = "afxdp-model code",
    .purpose = "make the input code of a network from training rows",
    .usage = "afxdp-model code features.csv [-o code.json]",
    .summary = "Makes the input code of a network from its training rows (-: standard input), raw\n"
               "integers as afxdp-features writes them. docs/onnx.md has its definition.",
    .tables = {code_specs},
    .argument = set_features,
};

static int make(const struct code_options *options, struct error *error)
{
    struct features_table *table = NULL;
    struct nn_code_tables tables;

    if (!options->features)
        return error_set(error, -EINVAL, "no rows: afxdp-model code features.csv -o code.json");
    int err = features_csv_read(&table, options->features, options->feature_set, error);
    if (err)
        return err;
    if (table->count == 0) {
        features_table_free(table);
        return error_set(error, -EINVAL, "%s has no rows", options->features);
    }
    nn_code_make(&tables, table->feature_set, table->features, table->count);
    features_table_free(table);
    char *text = nn_code_text(&tables);
    if (!text)
        return error_set(error, -ENOMEM, "no memory for an input code");
    err = text_file_write(text, options->output, error);
    free(text);
    return err;
}

int model_code(int argc, char **argv)
{
    struct code_options options = {0};
    struct error error = {""};
    int err = program_options(&model_code_program, &options, argc, argv, &error);

    if (err == PROGRAM_DONE)
        return EXIT_DONE;
    if (!err)
        err = make(&options, &error);
    if (!err)
        return EXIT_DONE;
    program_complain(&model_code_program, "%s", error.text);
    return exit_status_of(err);
}
