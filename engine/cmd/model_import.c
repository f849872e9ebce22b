// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model import: an ONNX file and calibration rows in, a .q8 model out. */
#include <errno.h>
#include <stdio.h>

#include "importing.h"
#include "model_verbs.h"
#include "program.h"

struct import_options {
    struct importing_options importing;
    const char *output;
};

static int set_onnx(void *target, const char *value, struct error *error)
{
    struct import_options *options = target;

    if (options->importing.model)
        return error_set(error, -EINVAL, "'%s': one model a call, there is %s already", value,
                         options->importing.model);
    options->importing.model = value;
    return 0;
}

static const struct option_spec import_specs[] = {
    {.group = "Input",
     OPTION_ROW_INPUT("calibrate", struct import_options, importing.calibration),
     .help = "a features.csv of raw integers with labels, of what the\n"
             "model was trained on; a few thousand rows are enough"},
    {OPTION_ROW_INPUT("code", struct import_options, importing.code),
     .help = "input code, for a network without the property afxdp.code"},
    {OPTION_ROW_FLAG("raw", struct import_options, importing.raw),
     .help = "a network reads the raw integers; not needed where it\n"
             "has scaling in front and there is no input code"},
    {OPTION_ROW_TEXT("classes", "NAME,NAME", struct import_options, importing.classes),
     .help = "names of the outputs, over the property afxdp.classes"},
    {OPTION_ROW_INPUT("provenance", struct import_options, importing.provenance),
     .help = "a JSON object to keep in the model: where it comes from;\n"
             "its text 'not_for' is shown by inspect"},
    {.group = "Output",
     OPTION_ROW_OUTPUT("output", struct import_options, output),
     .letter = 'o',
     .help = "the .q8 model"},
    {OPTION_ROW_FLAG("force", struct import_options, importing.force),
     .help = "write it although its verdicts on the calibration rows\n"
             "make no sense"},
    {0},
};

const struct program model_import_program = {
    .name = "afxdp-model import",
    .purpose = "turn a trained model into a .q8 model",
    .usage = "afxdp-model import MODEL --calibrate features.csv -o model.q8",
    .summary =
        "Turns an ONNX network or tree ensemble, an XGBoost model (.json, .ubj) or a LightGBM\n"
        "model (.txt) into one for afxdp-engine; docs/onnx.md says what can be imported.\n"
        "Every class gets the default action `count`.",
    .notes = "Exit status: 0 done, 1 failed while running, 2 bad usage or input.",
    .tables = {import_specs},
    .argument = set_onnx,
};

static int check(const struct import_options *options, struct error *error)
{
    if (!options->importing.model || !options->importing.calibration || !options->output)
        return error_set(error, -EINVAL, "%s missing; see afxdp-model import --help",
                         !options->importing.model         ? "the model file is"
                         : !options->importing.calibration ? "--calibrate is"
                                                           : "--output is");
    return 0;
}

static double percent(size_t part, size_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void print_report(const struct importing *importing, const char *output)
{
    const struct import_report *report = &importing->report;

    printf("%s: checksum %08x\n", output, importing->file->checksum);
    if (report->choice[0] != '\0')
        printf("scales: %s\n", report->choice);
    printf("agrees with the %s model on %zu of %zu calibration rows (%.2f %%)\n",
           importing->onnx ? "ONNX" : "library's", report->agreeing, report->rows,
           percent(report->agreeing, report->rows));
    printf("right on %zu of %zu labelled rows (%.2f %%)\n", report->right, report->labelled,
           percent(report->right, report->labelled));
}

static int run(struct importing *importing, const struct import_options *options,
               struct error *error)
{
    int err = check(options, error);

    if (!err)
        err = importing_run(importing, &options->importing, error);
    if (err)
        return err;
    if (importing->doubt.text[0])
        program_complain(&model_import_program, "warning: %s", importing->doubt.text);
    err = q8_write(importing->file, options->output, error);
    if (!err)
        print_report(importing, options->output);
    return err;
}

int model_import(int argc, char **argv)
{
    struct import_options options = {.output = NULL};
    struct importing importing = {.file = NULL};
    struct error error = {""};
    int err = program_options(&model_import_program, &options, argc, argv, &error);

    if (err == PROGRAM_DONE)
        return EXIT_DONE;
    if (!err)
        err = run(&importing, &options, &error);
    if (err)
        program_complain(&model_import_program, "%s", error.text);
    importing_end(&importing);
    return err ? exit_status_of(err) : EXIT_DONE;
}
