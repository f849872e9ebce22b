// SPDX-License-Identifier: BSD-2-Clause
/* afxdp-model inspect: what a model is, what it does by default, and what it isn't for. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "dt.h"
#include "model_open.h"
#include "model_verbs.h"
#include "nn.h"
#include "program.h"

struct inspect_options {
    const char *model;
};

static int set_model(void *target, const char *value, struct error *error)
{
    struct inspect_options *options = target;

    if (options->model)
        return error_set(error, -EINVAL, "'%s': one model a call, there is %s already", value,
                         options->model);
    options->model = value;
    return 0;
}

const struct program model_inspect_program = {
    .name = "afxdp-model inspect",
    .purpose = "show what is in a .q8 model",
    .usage = "afxdp-model inspect MODEL.q8",
    .summary = "Shows what is in a model, after checking all of it as the engine would.",
    .argument = set_model,
};

static int print_nn(const struct q8 *file, struct error *error)
{
    struct nn_model *model = NULL;
    int err = nn_model_load(&model, file, error);

    if (err)
        return err;
    printf("kind         neural network %u", nn_inputs(model));
    for (uint32_t l = 0; l < model->layer_count; l++)
        printf("-%u", model->layers[l].outputs);
    printf("\n");
    free(model);
    return 0;
}

static int print_dt(const struct q8 *file, struct error *error)
{
    struct dt_model *model = NULL;
    uint32_t depth = 0;
    int err = dt_model_load(&model, file, error);

    if (err)
        return err;
    for (uint32_t i = 0; i < model->shape.tree_count; i++) {
        if (model->shape.tree[i].depth > depth)
            depth = model->shape.tree[i].depth;
    }
    if (model->shape.tree_count == 1)
        printf("kind         decision tree of %u nodes, %u deep\n", model->node_count, depth);
    else
        printf("kind         forest of %u trees, %u nodes, up to %u deep\n",
               model->shape.tree_count, model->node_count, depth);
    dt_model_free(model);
    return 0;
}

static void print_variants(const struct q8 *file, const char *used)
{
    size_t count = file->kind == Q8_NN ? nn_variant_count() : dt_variant_count();

    printf("variants     ");
    for (size_t i = 0; i < count; i++) {
        const char *name = file->kind == Q8_NN ? nn_variant_name(i) : dt_variant_name(i);
        bool offered = file->kind == Q8_NN ? nn_variant_offered(i, cpu_levels())
                                           : dt_variant_offered(i, cpu_levels());

        printf("%s%s%s", i > 0 ? ", " : "", name, offered ? "" : " (not on this CPU)");
    }
    printf("; %s is used here\n", used);
}

static void print_classes(const struct q8 *file)
{
    int width = q8_class_width(file, 0);

    printf("classes      ");
    for (uint32_t i = 0; i < file->class_count; i++)
        printf("%s%-*s  %s\n", i > 0 ? "             " : "", width, file->classes[i].name,
               action_name(file->classes[i].action));
}

/* The provenance is the author's text: control characters in it must not reach a terminal. */
static void print_printable(const char *text, const char *indent)
{
    for (; *text; text++) {
        if (*text == '\n')
            printf("\n%s", indent);
        else
            putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
    }
    putchar('\n');
}

static void print_provenance(const struct q8 *file)
{
    json_t *root = json_loads(file->provenance, 0, NULL);
    const char *not_for = json_string_value(json_object_get(root, "not_for"));
    char *text = root ? json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;

    printf("not for      ");
    print_printable(not_for ? not_for : "(its provenance doesn't say)", "             ");
    printf("provenance   ");
    print_printable(text ? text : file->provenance, "             ");
    free(text);
    json_decref(root);
}

static int inspect(const struct inspect_options *options, struct error *error)
{
    struct model *model = NULL;

    if (!options->model)
        return error_set(error, -EINVAL, "no model: afxdp-model inspect MODEL.q8");
    int err = model_open(&model, options->model, error);
    if (err)
        return err;
    printf("model        %s\n", model->path);
    err = model->file->kind == Q8_NN ? print_nn(model->file, error) : print_dt(model->file, error);
    if (!err) {
        printf("features     %s\n", model->file->feature_set == FEATURE_SET_2
                                        ? "set 2: 28, of the flow and its hosts"
                                        : "set 1: 12, of the flow");
        printf("checksum     %08x\n", model->file->checksum);
        printf("golden       %u vectors, right in every variant\n", model->file->golden_count);
        print_variants(model->file, model->classifier->variant);
        print_classes(model->file);
        print_provenance(model->file);
    }
    model_close(model);
    return err;
}

int model_inspect(int argc, char **argv)
{
    struct inspect_options options = {0};
    struct error error = {""};
    int err = program_options(&model_inspect_program, &options, argc, argv, &error);

    if (err == PROGRAM_DONE)
        return EXIT_DONE;
    if (!err)
        err = inspect(&options, &error);
    if (!err)
        return EXIT_DONE;
    program_complain(&model_inspect_program, "%s", error.text);
    return EXIT_USAGE;
}
