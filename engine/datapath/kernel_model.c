// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_model.h"

#include <errno.h>
#include <stdlib.h>

#include "dt.h"
#include "dt_kernel.h"
#include "load.h"
#include "nn.h"
#include "nn_kernel.h"
#include "say.h"

static const void *content(const struct kernel_model *model)
{
    return model->nn ? (const void *)model->nn : model->dt;
}

static int open_program(struct path_program **out, const struct kernel_model *model,
                        enum nn_form form, struct error *error)
{
    if (model->nn)
        return nn_kernel_new(out, form, model->nn, error);
    if (model->dt)
        return dt_kernel_new(out, model->dt, error);
    return path_none_new(out, error);
}

/* A path of its own for the first model; `shared` gives a later one its flow table. */
static int load(struct kernel_model *model, enum nn_form form, const struct path_settings *settings,
                const struct path_policy *policy, const struct xdp_path *shared,
                struct error *error)
{
    struct path_program *program;
    int status = open_program(&program, model, form, error);

    if (status != 0)
        return status;
    status = path_configure(program, settings, error);
    if (status == 0 && shared)
        status = path_share(shared, program, error);
    if (status == 0)
        status = xdp_load(program->object, error);
    if (status == 0 && shared)
        status = path_settle(program, content(model), policy, error);
    if (status == 0 && !shared) {
        status = path_open(&model->path, program, settings, error);
        if (status == 0)
            status = path_install(model->path, content(model), policy, error);
    }
    if (status == 0) {
        model->program = program;
        return 0;
    }
    path_close(model->path);
    model->path = NULL;
    path_program_free(program);
    return status;
}

static int load_first(struct kernel_model *model, enum config_form form,
                      const struct path_settings *settings, const struct path_policy *policy,
                      const struct xdp_path *shared, struct error *error)
{
    static const char *const names[NN_FORMS] = NN_FORM_NAMES;
    static const enum nn_form orders[2][NN_FORMS] = {
        {NN_FORM_SINGLE, NN_FORM_LOOPS, NN_FORM_TAILCALL},
        {NN_FORM_LOOPS, NN_FORM_SINGLE, NN_FORM_TAILCALL},
    };
    int status;

    if (form != FORM_AUTO && !model->nn)
        return error_set(error, -EINVAL, "--kernel-form is for networks; the model is %s",
                         model->dt ? "a tree" : "none");
    if (form != FORM_AUTO)
        return load(model, (enum nn_form)(form - FORM_SINGLE), settings, policy, shared, error);
    const bool loops_first = model->nn && nn_kernel_fastest(model->nn) == NN_FORM_LOOPS;
    const enum nn_form *const order = orders[loops_first];
    status = load(model, order[0], settings, policy, shared, error);
    for (int next = 1; model->nn && status != 0 && status != -EPERM && next < NN_FORMS; next++) {
        say(model->say, AFXDP_WARNING, "the %s form doesn't load, trying %s: %s",
            names[order[next - 1]], names[order[next]], error->text);
        status = load(model, order[next], settings, policy, shared, error);
    }
    return status;
}

static int read_payload(struct kernel_model *model, const struct q8 *file, struct error *error)
{
    return file->kind == Q8_NN ? nn_model_load(&model->nn, file, error)
                               : dt_model_load(&model->dt, file, error);
}

int kernel_model_open(struct kernel_model *out, const struct model *model, enum config_form form,
                      const struct path_settings *settings, const struct path_policy *policy,
                      const struct afxdp_callbacks *say, struct error *error)
{
    struct kernel_model made = {.say = say};
    int status = model ? read_payload(&made, model->file, error) : 0;

    if (status == 0)
        status = load_first(&made, form, settings, policy, NULL, error);
    if (status != 0) {
        kernel_model_close(&made);
        return status;
    }
    *out = made;
    return 0;
}

static void keep_payload(struct kernel_model *present, struct kernel_model *next)
{
    free(present->nn);
    dt_model_free(present->dt);
    present->nn = next->nn;
    present->dt = next->dt;
    next->nn = NULL;
    next->dt = NULL;
}

/* With a program of its own. */
static int exchange(struct kernel_model *present, struct kernel_model *next, enum config_form form,
                    const struct path_policy *policy, struct guard *guard, struct error *error)
{
    int status = load_first(next, form, &present->path->settings, policy, present->path, error);

    if (status != 0)
        return status;
    status = guard_set_program(guard, path_program_fd(next->program), error);
    if (status != 0) {
        path_program_free(next->program);
        return status;
    }
    path_adopt(present->path, next->program);
    path_program_free(present->program);
    present->program = next->program;
    return 0;
}

int kernel_model_replace(struct kernel_model *present, const struct model *model,
                         enum config_form form, const struct path_policy *policy,
                         struct guard *guard, struct error *error)
{
    struct kernel_model next = {.say = present->say};
    int status = read_payload(&next, model->file, error);
    bool alike = !next.nn == !present->nn && present->program->fill != NULL;

    if (status == 0 && alike)
        status = path_install(present->path, content(&next), policy, error);
    if (status == 0 && !alike)
        status = -E2BIG;
    if (status == -E2BIG) /* or larger than what the present program has room for */
        status = exchange(present, &next, form, policy, guard, error);
    if (status == 0)
        keep_payload(present, &next);
    free(next.nn);
    dt_model_free(next.dt);
    return status;
}

int kernel_model_entry(const struct kernel_model *model)
{
    return path_entry_fd(model->path);
}

void kernel_model_close(struct kernel_model *model)
{
    path_close(model->path);
    path_program_free(model->program);
    free(model->nn);
    dt_model_free(model->dt);
    *model = (struct kernel_model){0};
}
