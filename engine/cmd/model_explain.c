// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model explain: why a model says what it says of a row of features. */
#include <errno.h>

#include "explaining.h"
#include "explanation.h"
#include "json_text.h"
#include "model_open.h"
#include "model_verbs.h"

struct explain_options {
    struct model_arguments on;
    const char *row;
    bool json;
};

static const struct option_spec explain_specs[] = {
    {.group = "Input",
     OPTION_ROW_TEXT("row", "ROW", struct explain_options, row),
     .help = "its index in features.csv; without one, its values: 51234,22,6,..."},
    {.group = "Output",
     OPTION_ROW_FLAG("json", struct explain_options, json),
     .help = "one JSON object on standard output, with all values of the row"},
    {0},
};

const struct program model_explain_program = {
    .name = "afxdp-model explain",
    .purpose = "say why a model says what it says of a row",
    .usage = "afxdp-model explain MODEL.q8 [features.csv] --row ROW",
    .summary =
        "Says why a model says what it says of a row of features: of a single tree the "
        "comparisons\n"
        "that it took; of a network or a forest the three features that count most. Each of them "
        "is\n"
        "replaced alone by what is usual in the model's first class, the median of its golden\n"
        "vectors of that class: lead_lost is how much of the lead over the next class goes with "
        "it,\n"
        "it, class and confidence are what the model then says.",
    .notes = "Exit status: 0 done, 2 bad usage or input.",
    .tables = {explain_specs},
    .argument = model_arguments_set,
};

static int explain(const struct explain_options *options, json_t **explanation, struct error *error)
{
    uint32_t row[FEATURES_MAX] = {0};
    struct model *model = NULL;

    if (!options->on.model || !options->row)
        return error_set(error, -EINVAL, "%s missing; see afxdp-model explain --help",
                         options->on.model ? "--row is" : "the model is");
    int status = model_open(&model, options->on.model, error);
    if (status != 0)
        return status;
    status =
        explaining_row(row, options->row, options->on.features, model->file->feature_set, error);
    if (status == 0)
        status = explanation_of(explanation, model->file, row, error);
    model_close(model);
    return status;
}

int model_explain(int argc, char **argv)
{
    struct explain_options options = {0};
    struct error error;
    json_t *explanation = NULL;
    int status = program_options(&model_explain_program, &options, argc, argv, &error);

    if (status == PROGRAM_DONE)
        return EXIT_DONE;
    if (status == 0)
        status = explain(&options, &explanation, &error);
    if (status != 0) {
        program_complain(&model_explain_program, "%s", error.text);
        return EXIT_USAGE;
    }
    json_text_print_answer(stdout, explanation, options.json);
    json_decref(explanation);
    return fflush(stdout) == EOF ? EXIT_FAILED : EXIT_DONE;
}
