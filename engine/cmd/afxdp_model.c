// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model: makes model files and shows what is in them. */
#include <errno.h>

#include "model_verbs.h"

static const struct program_verb verbs[] = {
    {&model_inspect_program, model_inspect}, {&model_code_program, model_code},
    {&model_import_program, model_import},   {&model_eval_program, model_eval},
    {&model_explain_program, model_explain}, {0},
};

int model_arguments_set(void *target, const char *value, struct error *error)
{
    struct model_arguments *arguments = target;

    if (arguments->features)
        return error_set(error, -EINVAL, "'%s': one model and one features.csv a call", value);
    if (arguments->model)
        arguments->features = value;
    else
        arguments->model = value;
    return 0;
}

static int refuse_verb(void *target, const char *value, struct error *error)
{
    (void)target;
    return error_set(error, -EINVAL, "unknown verb '%.40s'; see afxdp-model --help", value);
}

static const struct program model_program = {
    .name = "afxdp-model",
    .purpose = "make model files for afxdp-engine and look into them",
    .usage = "afxdp-model VERB ...",
    .summary = "Makes model files for afxdp-engine and shows what is in them.",
    .notes = "afxdp-model VERB --help says more.",
    .argument = refuse_verb,
    .verbs = verbs,
};

int main(int argc, char **argv)
{
    struct error error;

    program_begin();
    const struct program_verb *verb = program_find_verb(&model_program, argc, argv);
    if (verb)
        return verb->run(argc - 1, argv + 1);
    int outcome = program_options(&model_program, NULL, argc, argv, &error);
    if (outcome == PROGRAM_DONE)
        return EXIT_DONE;
    program_complain(&model_program, "%s",
                     outcome < 0 ? error.text : "no verb; see afxdp-model --help");
    return EXIT_USAGE;
}
