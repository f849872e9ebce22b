// SPDX-License-Identifier: BSD-2-Clause
#include "kernel_model.h"

#include <errno.h>
#include <stdlib.h>

#include "dt.h"
#include "dt_kernel.h"
#include "engine_options.h"
#include "load.h"
#include "nn.h"
#include "nn_kernel.h"

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

static int load(struct kernel_model *model, enum nn_form form, const struct path_settings *settings,
                const struct path_policy *policy, struct error *error)
{
    struct path_program *program;
    int status = open_program(&program, model, form, error);

    if (status != 0)
        return status;
    status = path_configure(program, settings, error);
    if (status == 0)
        status = xdp_load(program->object, error);
    if (status == 0)
        status = path_open(&model->path, program, settings, error);
    if (status != 0) {
        path_program_free(program);
        return status;
    }
    status = path_install(model->path, content(model), policy, error);
    if (status != 0) {
        path_close(model->path);
        path_program_free(program);
        model->path = NULL;
    }
    return status;
}

static int load_first(struct kernel_model *model, enum live_form form,
                      const struct path_settings *settings, const struct path_policy *policy,
                      struct error *error)
{
    static const char *const names[NN_FORMS] = NN_FORM_NAMES;
    int status;

    if (form != LIVE_FORM_AUTO && !model->nn)
        return error_set(error, -EINVAL, "--kernel-form is for networks; the model is %s",
                         model->dt ? "a tree" : "none");
    if (form != LIVE_FORM_AUTO)
        return load(model, (enum nn_form)(form - LIVE_FORM_SINGLE), settings, policy, error);
    status = load(model, NN_FORM_SINGLE, settings, policy, error);
    for (int next = NN_FORM_LOOPS; model->nn && status != 0 && status != -EPERM && next < NN_FORMS;
         next++) {
        program_complain(&engine_program, "warning: the %s form doesn't load, trying %s: %s",
                         names[next - 1], names[next], error->text);
        status = load(model, (enum nn_form)next, settings, policy, error);
    }
    return status;
}

int kernel_model_open(struct kernel_model *out, const struct model *model, enum live_form form,
                      const struct path_settings *settings, const struct path_policy *policy,
                      struct error *error)
{
    struct kernel_model made = {0};
    int status = 0;

    if (model && model->file->kind == Q8_NN)
        status = nn_model_load(&made.nn, model->file, error);
    else if (model)
        status = dt_model_load(&made.dt, model->file, error);
    if (status == 0)
        status = load_first(&made, form, settings, policy, error);
    if (status != 0) {
        kernel_model_close(&made);
        return status;
    }
    *out = made;
    return 0;
}

int kernel_model_entry(const struct kernel_model *model)
{
    return path_entry_fd(model->path);
}

void kernel_model_close(struct kernel_model *model)
{
    if (model->path) {
        struct path_program *program = model->path->program;

        path_close(model->path);
        path_program_free(program);
    }
    free(model->nn);
    dt_model_free(model->dt);
    *model = (struct kernel_model){0};
}
